"""The answer to a form that was saved."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

DRAFT = re.compile("[0-9a-f]{1,64}")


def done(request: HttpRequest, said: str, address: str, *, undo: str = "") -> HttpResponse:
    """Lead to `address` and say there what was done; `undo` is the address to which its way back is posted."""
    messages.success(request, said, extra_tags=undo)
    return tell_draft(request, redirect(address))


def tell_draft(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Name the draft that the form was sent with: the browser keeps what was typed until it hears that it was saved."""
    draft = request.POST.get("draft", "")
    if DRAFT.fullmatch(draft):
        answer.set_cookie("saved-draft", draft, max_age=300, samesite="Lax", secure=request.is_secure())
    return answer
