"""In CI a test that skips fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_on(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run a test file of its own with the plugin that CI uses."""
    (folder / "test_it.py").write_text(source)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.support.no_skips",
        "-p",
        "no:cacheprovider",
    ]
    command += ["-c", "/dev/null", "--rootdir", str(folder), str(folder)]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "source",
    [
        "import pytest\n\ndef test_it():\n    pytest.skip('not today')\n",
        "import pytest\n\n@pytest.mark.skip\ndef test_it():\n    pass\n",
        "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert False\n",
        "import pytest\n\npytest.importorskip('no_such_module')\n\ndef test_it():\n    pass\n",
    ],
)
def test_a_skip_fails_the_run_and_is_named(tmp_path: Path, source: str) -> None:
    done = pytest_on(tmp_path, source + "\n\ndef test_other():\n    pass\n")
    assert done.returncode == 1
    assert "NOT RUN, and all is required here: " in done.stdout


def test_a_run_without_skips_passes(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "def test_it():\n    pass\n")
    assert done.returncode == 0
    assert "NOT RUN" not in done.stdout
