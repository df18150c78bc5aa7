"""Celery's entry point of the CRM: one service call, which can run twice."""

from __future__ import annotations

from celery import shared_task

from crm.services import jobs


@shared_task(name="crm.work_off")
def work_off() -> None:
    """Work on the jobs that are open."""
    jobs.work_off()
