"""What a run consists of, read from the environment: addresses, ports, and the children's command lines."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.env import BASE_DIR, DATA_DIR, text, whole_number, words
from config.launch.guards import Refusal

ODOO_NAMES = ("ODOO_URL", "ODOO_DB", "ODOO_USERNAME", "ODOO_API_KEY")
# The sandbox listens to this machine alone and every newcomer may know its key, so it stands here in the open.
SANDBOX_ACCOUNT = {
    "ODOO_DB": "sandbox",
    "ODOO_USERNAME": "integration@example.com",
    "ODOO_API_KEY": "sandbox-integration-key",
}
SANDBOX_SERIES = (16, 18, 19)
QUEUES = "push,pull,hooks,mail,default"


@dataclass(frozen=True)
class Plan:
    """Where everything listens and lies. `sandbox_port` is None when a real Odoo is named in the environment."""

    host: str
    port: int
    sandbox_port: int | None
    sandbox_series: int
    data: Path

    @property
    def address(self) -> str:
        """What to open in the browser."""
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}/"  # noqa: S104 - compared

    @property
    def odoo_address(self) -> str:
        """Where Odoo, real or not, is opened in the browser."""
        if self.sandbox_port is None:
            return text("ODOO_PUBLIC_URL", text("ODOO_URL"))
        return f"http://127.0.0.1:{self.sandbox_port}/odoo"

    def environment(self) -> dict[str, str]:
        """The children's environment: ours, and the sandbox as the Odoo to work with unless a real one is named."""
        values = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        if self.sandbox_port is not None:
            values |= {"ODOO_URL": f"http://127.0.0.1:{self.sandbox_port}", **SANDBOX_ACCOUNT}
        return values

    def sandbox(self) -> list[str]:
        """The command line of the sandbox, its webhook pointing here."""
        key = words("ODOO_WEBHOOK_KEYS")[0]
        hook = f"http://127.0.0.1:{self.port}/api/v1/integrations/odoo?token={quote(key, safe='')}"
        options = ["--port", str(self.sandbox_port), "--series", str(self.sandbox_series)]
        options += ["--data", str(self.data / f"sandbox-{self.sandbox_series}"), "--webhook", hook]
        return [sys.executable, "-m", "integrations.odoo.sandbox", *options]

    def web(self) -> list[str]:
        """The command line of the web server."""
        options = ["-w", "1", "-k", "gthread", "--threads", "8", "--no-control-socket", "--graceful-timeout", "4"]
        return [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{self.host}:{self.port}", *options]

    def worker(self) -> list[str]:
        """The command line of the worker, beat included."""
        options = ["-P", "threads", "-c", "4", "-B", "-Q", QUEUES, "--loglevel", "WARNING"]
        options += ["--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"]
        options += ["--without-gossip", "--without-mingle"]
        return [sys.executable, "-m", "celery", "-A", "config", "worker", *options]

    @staticmethod
    def manage(*arguments: str) -> list[str]:
        """The command line of a management command."""
        return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def read_plan() -> Plan:
    """Read the plan. Raises Refusal or ImproperlyConfigured with a sentence when a setting makes no sense."""
    missing = [name for name in ODOO_NAMES if not text(name)]
    if missing and len(missing) < len(ODOO_NAMES):
        raise Refusal(
            f"To work with your Odoo, .env must also set {', '.join(missing)}. "
            f"To work with the sandbox, leave all of {', '.join(ODOO_NAMES)} empty."
        )
    port = whole_number("TANDEM_PORT", 8000, low=1, high=65535)
    sandbox_port = whole_number("SANDBOX_PORT", 8069, low=1, high=65535)
    if missing and port == sandbox_port:
        raise Refusal(f"TANDEM_PORT and SANDBOX_PORT are both {port}; they must differ.")
    series = whole_number("SANDBOX_SERIES", 18, low=16, high=19)
    if series not in SANDBOX_SERIES:
        raise Refusal(f"The sandbox plays Odoo {', '.join(map(str, SANDBOX_SERIES))}; SANDBOX_SERIES is {series}.")
    return Plan(
        host=text("TANDEM_HOST", "127.0.0.1"),
        port=port,
        sandbox_port=sandbox_port if missing else None,
        sandbox_series=series,
        data=DATA_DIR,
    )
