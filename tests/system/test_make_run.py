"""`make run` on a clean checkout: what it shows, what it survives, and that nothing is left of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import httpx2
import psutil

from tests.support.tandem import until
from tests.system.conftest import House


def sign_in(house: House, password: str) -> httpx2.Response:
    """The page after signing in."""
    with httpx2.Client(base_url=house.address, follow_redirects=True) as client:
        page = client.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "username": "admin@example.com", "password": password}
        return client.post("/admin/login/?next=/admin/", data=form, headers={"Referer": house.address})


def test_a_clean_checkout_installs_fills_syncs_and_greets(house: House) -> None:
    for line in (
        "Making a virtual environment in .venv",
        "Installed in",
        "Demo data is in place.",
        "Connected to Odoo 18",
    ):
        assert line in house.output
    assert re.search(r"From Odoo: \d+ new", house.output)
    assert f"Tandem             {house.address}/" in house.output
    assert f"The Odoo sandbox   {house.sandbox_address}/odoo" in house.output
    assert "Traceback" not in house.output


def test_the_printed_password_opens_the_door(house: House) -> None:
    answer = sign_in(house, house.password)
    assert answer.status_code == 200
    assert answer.url.path == "/admin/"
    assert sign_in(house, "wrong" + house.password).url.path == "/admin/login/"


def test_pages_their_files_and_the_sandbox_answer(house: House) -> None:
    page = httpx2.get(f"{house.address}/admin/login/").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert files
    assert [name for name in files if httpx2.get(house.address + name).status_code != 200] == []
    assert httpx2.get(f"{house.address}/health/ready").json() == {"status": "ok", "failed": []}
    assert httpx2.get(f"{house.sandbox_address}/odoo", follow_redirects=True).status_code == 200


def test_no_secret_reaches_the_terminal_or_a_log(house: House) -> None:
    secrets = dict(line.split("=", 1) for line in (house.data / "secrets.env").read_text().splitlines()[1:])
    assert len(secrets) == 3
    logs = [path.read_text(errors="replace") for path in (house.data / "log").iterdir()]
    assert len(logs) >= 3
    for text in (house.output, *logs):
        assert [name for name, value in secrets.items() if value in text] == []
    assert not any(house.password in log for log in logs)
    assert (house.data / "secrets.env").stat().st_mode & 0o077 == 0


def test_a_second_one_on_the_same_data_is_refused(house: House, another: Callable[..., House]) -> None:
    second = another(TANDEM_DATA_DIR=str(house.data)).start()
    until(second.ended, 20, "the second one ends")
    assert f"Tandem is running already from this data folder (process {house.supervisor().pid})." in second.output
    assert httpx2.get(f"{house.address}/health/live").status_code == 200


def test_a_taken_port_is_a_sentence(another: Callable[..., House]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        house = another()
        house.sandbox_port = listener.getsockname()[1]
        house.start()
        until(house.ended, 20, "it ends")
    assert f"Port {house.sandbox_port} for the Odoo sandbox is taken by another program." in house.output
    assert "Traceback" not in house.output
    assert house.processes() == []


def test_a_fallen_web_server_is_started_again(house: House) -> None:
    master = next(
        one for one in house.processes() if "gunicorn" in one.cmdline() and "shim.py" not in str(one.cmdline())
    )
    master.kill()
    until(lambda: "The web server ended unexpectedly" in house.output, 10, lambda: house.output)

    def answers() -> bool:
        try:
            return httpx2.get(f"{house.address}/health/ready", timeout=2).status_code == 200
        except httpx2.TransportError:
            return False

    until(answers, 20, "the web server comes back")


def test_ctrl_c_leaves_nothing_and_the_next_run_goes_on_in_seconds(another: Callable[..., House]) -> None:
    house = another().start()
    house.wait_ready(120)
    password, secrets = house.password, (house.data / "secrets.env").read_text()
    assert len(house.processes()) >= 7  # supervisor, three shims, sandbox, web, worker, and what these started

    house.ctrl_c()
    assert "Ended; nothing is left running." in house.output
    assert "Traceback" not in house.output
    until(lambda: house.processes() == [], 1, "no process is left")

    house.start()
    print(f"second start: {house.wait_ready(60):.1f} s")
    assert "password:" not in house.output
    assert "Demo data" not in house.output
    assert (house.data / "secrets.env").read_text() == secrets
    assert sign_in(house, password).url.path == "/admin/"


def test_kill_9_of_the_supervisor_leaves_no_child_for_long(another: Callable[..., House]) -> None:
    house = another().start()
    house.wait_ready(120)
    supervisor = house.supervisor()
    children = supervisor.children(recursive=True)
    assert len(children) >= 6
    supervisor.kill()
    until(lambda: house.processes() == [], 12, "no child is left")
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_ctrl_c_while_it_starts_leaves_nothing_either(another: Callable[..., House]) -> None:
    house = another().start()
    until(lambda: "Preparing the database" in house.output, 30, lambda: house.output)
    house.ctrl_c()
    until(lambda: house.processes() == [], 2, "no process is left")
    assert "Traceback" not in house.output


def test_half_an_odoo_is_a_sentence(another: Callable[..., House]) -> None:
    house = another(ODOO_URL="https://odoo.example.com").start()
    until(house.ended, 20, "it ends")
    assert ".env must also set ODOO_DB, ODOO_USERNAME, ODOO_API_KEY." in house.output
