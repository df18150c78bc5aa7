"""Start a sandbox: ``python -m integrations.odoo.sandbox --port 8069 --series 18 --data DIR``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from .base_data import API_KEYS, INTEGRATION_LOGIN, PASSWORDS, install
from .engine import Engine
from .seed import sow
from .server import SandboxServer

SERIES = (16, 18, 19)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="python -m integrations.odoo.sandbox", description=__doc__)
    made.add_argument("--port", type=int, default=8069, help="port to listen on; 0 picks a free one")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    made.add_argument("--series", type=int, choices=SERIES, default=18, help="Odoo series to imitate")
    made.add_argument("--data", type=Path, help="folder that keeps the records; without it they are gone at the end")
    made.add_argument("--database", default="sandbox", help="database name to log in to")
    made.add_argument("--seed", type=int, default=1, help="number that the made-up records come from")
    made.add_argument("--partners", type=int, default=60, help="made-up partners in a new sandbox")
    made.add_argument("--leads", type=int, default=40, help="made-up leads in a new sandbox")
    made.add_argument("--pace", action="store_true", help="be as slow as a real Odoo, by sleeping")
    made.add_argument("--keep-alive", action="store_true", help="keep connections open, as behind a reverse proxy")
    made.add_argument("--webhook", default="", help="URL on this machine that hears of changed partners and leads")
    made.add_argument("--webhook-synchronous", action="store_true", help="let the caller wait for it, as Odoo does")
    return made


def build(options: argparse.Namespace) -> Engine:
    """Return an engine with its data opened, or filled when new."""
    if options.data is not None:
        options.data.mkdir(parents=True, exist_ok=True)
    path = options.data / f"odoo{options.series}.sqlite3" if options.data is not None else None
    engine = Engine(series=options.series, path=path, database=options.database, pace=options.pace)
    if engine.database.is_new:
        install(engine)
        sow(engine, partners=options.partners, leads=options.leads, seed=options.seed)
    if options.webhook:
        engine.settings.webhook_url = options.webhook
    engine.webhooks.synchronous = options.webhook_synchronous
    return engine


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status."""
    options = parser().parse_args(arguments)
    engine = build(options)
    try:
        server = SandboxServer((options.host, options.port), engine, keep_alive=options.keep_alive)
    except OSError as error:
        print(
            f"Cannot listen on {options.host}:{options.port}: {error.strerror}. Choose another --port.", file=sys.stderr
        )
        return 1

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    port = server.server_address[1]
    print(f"This is a sandbox that imitates Odoo {options.series}: http://{options.host}:{port}/odoo", flush=True)
    print(f"  database {options.database}, login {INTEGRATION_LOGIN}", flush=True)
    print(f"  password {PASSWORDS[INTEGRATION_LOGIN]} or API key {API_KEYS[INTEGRATION_LOGIN]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
