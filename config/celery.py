"""The Celery application: queues, limits and the whole beat schedule.

The database outbox is the truth and the broker only the bell: a lost task loses nothing, since beat rings again.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_ready

from config import broker
from config.env import DATA_DIR

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.use()
app = Celery("tandem")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

READY_FILE = DATA_DIR / "worker.ready"


@worker_ready.connect
def tell_ready(**_: object) -> None:
    """Leave a sign for whoever started us: from now on a bell is heard."""
    READY_FILE.touch()
