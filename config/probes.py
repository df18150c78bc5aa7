"""Two questions a supervisor or load balancer asks: does the process live, and can it serve?"""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse

logger = logging.getLogger(__name__)


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; touches nothing else."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database and cache answer, 503 naming what does not. One query, one cache read."""
    failed = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # whatever the driver raises, the answer is the same: not ready
        logger.warning("probe.database_failed", extra={"error": type(error).__name__})
        failed.append("database")
    try:
        cache.get("probe")
    except Exception as error:  # likewise for the cache's driver
        logger.warning("probe.cache_failed", extra={"error": type(error).__name__})
        failed.append("cache")
    return JsonResponse({"status": "failed" if failed else "ok", "failed": failed}, status=503 if failed else 200)
