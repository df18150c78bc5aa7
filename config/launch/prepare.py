"""The part of a run that needs Django: the database's schema, the first account, the demo data.

Run as `python -m config.launch.prepare [--demo]`; prints a line of JSON for each thing made, as soon as it is made:
`{"password": "…"}`, `{"demo": true}`.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import sys
from pathlib import Path

ADMIN_EMAIL = "admin@example.com"


def main(*, demo: bool) -> None:
    """Bring the database up to date and tell what was made."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0, stdout=io.StringIO())
    password = make_admin()
    if password:
        tell(password=password)
    done = Path(settings.DATA_DIR) / "demo-data"
    if demo and not done.exists():
        call_command("demo_data", stdout=io.StringIO())
        done.touch()
        tell(demo=True)


def tell(**made: object) -> None:
    """Report to whoever started us."""
    sys.stdout.write(json.dumps(made) + "\n")
    sys.stdout.flush()


def make_admin() -> str | None:
    """Make the first account when nobody may administer yet; returns its password, else None."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.filter(is_superuser=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(ADMIN_EMAIL, password)
    return password


if __name__ == "__main__":
    main(demo="--demo" in sys.argv)
