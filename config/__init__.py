"""How the house is wired: environment, settings, URLs, Celery. Nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
