"""The WSGI entry point for gunicorn."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.logs import HideKeys  # noqa: E402 - needs the settings

for name in ("gunicorn.access", "gunicorn.error"):
    logging.getLogger(name).addFilter(HideKeys())
