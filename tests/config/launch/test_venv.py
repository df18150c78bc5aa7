"""The environment is made, kept, and mended when it is broken; each trouble is a sentence."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.launch import venv

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that needs no library, so that pip has nothing to fetch."""
    launch = tmp_path / "my checkout" / "config" / "launch"
    launch.mkdir(parents=True)
    for name in ("python.sh", "venv.py"):
        shutil.copy(ROOT / "config" / "launch" / name, launch)
    folder = tmp_path / "my checkout"
    (folder / "requirements").mkdir()
    for name in ("runtime.txt", "dev.txt"):
        (folder / "requirements" / name).write_text("")
    return folder


def prepare(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """What `make run` does first."""
    settings = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(folder), **env}
    command = ["/bin/sh", "config/launch/python.sh", "runtime"]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def test_it_is_made_once_and_then_left_alone(checkout: Path) -> None:
    first = prepare(checkout)
    assert first.returncode == 0, first.stderr
    assert "Making a virtual environment in .venv …" in first.stdout
    assert (checkout / ".venv" / "bin" / "python").exists()
    second = prepare(checkout)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_an_interrupted_one_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / venv.MARKER).touch()
    (checkout / ".venv" / "left over").touch()
    done = prepare(checkout)
    assert done.returncode == 0, done.stderr
    assert "half made or broken; making it anew" in done.stdout
    assert not (checkout / ".venv" / "left over").exists()
    assert prepare(checkout).stdout == ""


def test_one_that_is_finished_works() -> None:
    assert venv._works(Path(sys.prefix))


@pytest.mark.parametrize("python", ["/nowhere/python3", "/bin/false", "/bin/sh"])
def test_one_whose_python_does_not_start_does_not_work(tmp_path: Path, python: str) -> None:
    (tmp_path / "bin").mkdir()
    assert not venv._works(tmp_path)
    (tmp_path / "bin" / "python").symlink_to(python)
    assert not venv._works(tmp_path)


def test_other_pins_are_installed_into_the_same_one(checkout: Path) -> None:
    prepare(checkout)
    (checkout / ".venv" / "kept").touch()
    (checkout / "requirements" / "runtime.txt").write_text("# another\n")
    done = prepare(checkout)
    assert "Installing the libraries" in done.stdout
    assert (checkout / ".venv" / "kept").exists()


def test_what_pip_could_not_do_is_told_and_tried_again(checkout: Path) -> None:
    (checkout / "requirements" / "runtime.txt").write_text("./there-is-no-such-library\n")
    failed = prepare(checkout)
    assert failed.returncode == 1
    assert "there-is-no-such-library" in failed.stderr
    assert "The libraries could not be installed: see the lines above." in failed.stderr
    (checkout / "requirements" / "runtime.txt").write_text("")
    assert prepare(checkout).returncode == 0


def test_no_fitting_python_is_a_sentence_with_the_way_out(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dirname").symlink_to(shutil.which("dirname") or "")
    (programs / "python3").write_text("#!/bin/sh\nexit 1\n")  # a Python too old answers so
    (programs / "python3").chmod(0o755)
    done = prepare(checkout, PATH=str(programs), PYTHON="")
    assert done.returncode == 1
    assert done.stderr.startswith("Tandem needs Python 3.11, 3.12 or 3.13, and found none.\n")
    assert "sudo apt install python3 python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_named_python_that_does_not_fit_is_refused_by_its_name(checkout: Path) -> None:
    done = prepare(checkout, PYTHON="/bin/false")
    assert done.returncode == 1
    assert done.stderr.startswith("PYTHON=/bin/false is not a Python 3.11, 3.12 or 3.13 that can be started.\n")


def test_a_python_without_venv_names_the_debian_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TANDEM_VENV", raising=False)
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "FILES", {"runtime": ()})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert venv.main("runtime") == 1
    assert "sudo apt install python3-venv (or python3." in capsys.readouterr().err
    assert not (tmp_path / ".venv").exists()


def test_a_ready_made_environment_is_used_as_it_is(checkout: Path) -> None:
    done = prepare(checkout, TANDEM_VENV=sys.prefix)
    assert (done.returncode, done.stdout) == (0, "")
    assert not (checkout / ".venv").exists()


def test_a_ready_made_environment_that_is_none_is_refused(checkout: Path) -> None:
    done = prepare(checkout, TANDEM_VENV="/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("TANDEM_VENV=/nowhere holds no bin/python.")
