"""The URL map."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import probes
from integrations.admin.dashboard import dashboard

urlpatterns = [
    re_path(r"^health/live/?$", probes.live),
    re_path(r"^health(?:/ready)?/?$", probes.ready),
    path("api/v1/", include("integrations.urls")),
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("crm.api.urls")),  # last: it answers whatever else is asked for
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("admin/crm/", admin.site.admin_view(dashboard), name="crm-dashboard"),
    path("admin/crm", admin.site.admin_view(dashboard)),
    path("admin/sync", RedirectView.as_view(pattern_name="sync:health", permanent=False)),
    path("admin/sync/", include("integrations.admin.urls")),  # before the admin's own patterns
    path("admin/", admin.site.urls),
    path("", include("crm.urls")),
]
