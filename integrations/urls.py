"""URLs of the integrations' API."""

from __future__ import annotations

from django.urls import re_path

from integrations.views import OdooWebhook

app_name = "integrations"

urlpatterns = [
    re_path(r"^integrations/odoo(?:/(?P<token>.+?))?/?$", OdooWebhook.as_view(), name="odoo-webhook"),
]
