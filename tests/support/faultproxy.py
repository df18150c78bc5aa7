"""Start a real fault proxy process for a test: ``with running_proxy(odoo.url) as proxy: proxy.rule("reset")``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson

from tests.support.sandbox import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600.0


@dataclass
class RunningProxy:
    """One proxy process and its control path."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hook_url(self) -> str:
        """Where webhooks must be sent to pass through the proxy."""
        return f"{self.url}/_hook"

    def _control(self, method: str, name: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, f"/_proxy/{name}", orjson.dumps(values) if values is not None else None)
            answer = connection.getresponse()
            data: dict[str, Any] = orjson.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, data
        return data

    def rule(self, kind: str, **values: Any) -> None:
        """Order a fault; see ``integrations.odoo.faultproxy.rules`` for kinds and fields."""
        self._control("POST", "rule", {"kind": kind, **values})

    def clear(self, seed: int | None = None) -> None:
        """Cancel all rules and counts."""
        self._control("POST", "clear", {} if seed is None else {"seed": seed})

    def state(self) -> dict[str, Any]:
        """``rules`` that wait, ``struck`` by kind, ``seen`` exchanges."""
        return self._control("GET", "state")

    def struck(self, kind: str) -> int:
        """How often a kind has struck."""
        return int(self.state()["struck"].get(kind, 0))


@contextmanager
def running_proxy(upstream: str, *, hooks: str = "", seed: int = 1) -> Iterator[RunningProxy]:
    """Yield a proxy before ``upstream``; webhooks that pass ``hook_url`` go on to ``hooks``."""
    proxy = RunningProxy(free_port())
    command = [sys.executable, "-m", "integrations.odoo.faultproxy", "--listen", str(proxy.port)]
    command += ["--upstream", upstream, "--seed", str(seed), *(["--hooks", hooks] if hooks else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                proxy.state()
                break
            except (OSError, HTTPException):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("The fault proxy did not start") from None
                time.sleep(0.03)
        yield proxy
    finally:
        process.kill()
        process.wait(timeout=15)
