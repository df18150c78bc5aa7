"""What the bench's web processes serve beside the house: a view that does nothing, for whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.bench.load import EMPTY, STATEMENTS


class Empty(APIView):
    """Authenticates as the house's API does, and answers."""

    def get(self, _request: Request) -> Response:
        return Response({})


def tell_statements(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer with the first words of a request's SQL statements where the request asks for them."""

    def answer(request: HttpRequest) -> HttpResponse:
        if STATEMENTS not in request.headers:
            return get_response(request)
        verbs: list[str] = []

        def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            verbs.append(sql.split()[0])
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            response = get_response(request)
        response[STATEMENTS] = " ".join(verbs)
        return response

    return answer


urlpatterns = [path(EMPTY.lstrip("/"), Empty.as_view()), path("", include("config.urls"))]
