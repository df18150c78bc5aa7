"""Settings of the test suite: a data folder of its own, quick password hashes, a broker in memory.

Never eager Celery: it hides the order of commit and task.
"""

from __future__ import annotations

import os
import tempfile

os.environ["TANDEM_ENV_FILE"] = ""
os.environ.setdefault("TANDEM_DATA_DIR", tempfile.mkdtemp(prefix="tandem-test-"))
os.environ.setdefault("SECRET_KEY", "tests-only-not-a-secret-0123456789-0123456789")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
for name in ("ODOO_URL", "ODOO_DB", "ODOO_USERNAME", "ODOO_API_KEY"):
    os.environ[name] = ""
os.environ.setdefault("WEBHOOK_ALLOWED_HOSTS", "localhost,127.0.0.0/8,::1")
os.environ.setdefault("ODOO_WEBHOOK_KEYS", "test-key-one,test-key-two")
os.environ.setdefault("DATABASE_URL", os.environ.get("TEST_DATABASE_URL") or "sqlite:///:memory:")

from config.settings import *  # noqa: F403, E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in use: threads that share a database in memory are told "locked" at once, whatever the time-out.
    file = os.environ["TANDEM_DATA_DIR"] + "/test.sqlite3"
    DATABASES["default"] |= {"NAME": file, "TEST": {"NAME": file}}  # noqa: F405
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
