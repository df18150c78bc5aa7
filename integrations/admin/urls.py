"""Pages of the sync that are no model's: under /admin/sync/, with and without slash at the end."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from integrations.admin.budget import budget_page
from integrations.admin.conflicts import conflicts, settle_many
from integrations.admin.context import context_page
from integrations.admin.doctor import doctor
from integrations.admin.drift import drift_page
from integrations.admin.health import sync_page
from integrations.admin.keys import key_page
from integrations.admin.lead_sources import lead_sources_page
from integrations.admin.missing import deleted_page, merged_page, stop_page, stops_page
from integrations.admin.own_fields import own_fields_page
from integrations.admin.parked import parked_message, parked_messages
from integrations.admin.rules import field_rules
from integrations.admin.runs import run_page, stop_undo, undo_page
from integrations.admin.settings import settings_page
from integrations.admin.stages import stages_page
from integrations.admin.webhooks import webhook_page

app_name = "sync"

urlpatterns = [
    path("settings/", admin.site.admin_view(settings_page), name="settings"),
    path("settings", admin.site.admin_view(settings_page)),
    path("settings/sources/", admin.site.admin_view(lead_sources_page), name="lead-sources"),
    path("settings/sources", admin.site.admin_view(lead_sources_page)),
    path("settings/stages/", admin.site.admin_view(stages_page), name="stages"),
    path("settings/stages", admin.site.admin_view(stages_page)),
    path("settings/fields/", admin.site.admin_view(own_fields_page), name="own-fields"),
    path("settings/fields", admin.site.admin_view(own_fields_page)),
    path("", admin.site.admin_view(sync_page), name="health"),
    path("drift/", admin.site.admin_view(drift_page), name="drift"),
    path("drift", admin.site.admin_view(drift_page)),
    path("doctor/", admin.site.admin_view(doctor), name="doctor"),
    path("doctor", admin.site.admin_view(doctor)),
    path("conflicts/", admin.site.admin_view(conflicts), name="conflicts"),
    path("conflicts", admin.site.admin_view(conflicts)),
    path("conflicts/settle/", admin.site.admin_view(settle_many), name="settle-conflicts"),
    path("conflicts/settle", admin.site.admin_view(settle_many)),
    path("rules/", admin.site.admin_view(field_rules), name="rules"),
    path("rules", admin.site.admin_view(field_rules)),
    path("parked/", admin.site.admin_view(parked_messages), name="parked"),
    path("parked", admin.site.admin_view(parked_messages)),
    path("parked/<int:pk>/", admin.site.admin_view(parked_message), name="parked-message"),
    path("parked/<int:pk>", admin.site.admin_view(parked_message)),
    path("budget/", admin.site.admin_view(budget_page), name="budget"),
    path("budget", admin.site.admin_view(budget_page)),
    path("context/", admin.site.admin_view(context_page), name="context"),
    path("context", admin.site.admin_view(context_page)),
    path("key/", admin.site.admin_view(key_page), name="key"),
    path("key", admin.site.admin_view(key_page)),
    path("webhooks/", admin.site.admin_view(webhook_page), name="webhooks"),
    path("webhooks", admin.site.admin_view(webhook_page)),
    path("deleted/", admin.site.admin_view(deleted_page), name="deleted"),
    path("deleted", admin.site.admin_view(deleted_page)),
    path("merged/", admin.site.admin_view(merged_page), name="merged"),
    path("merged", admin.site.admin_view(merged_page)),
    path("stops/", admin.site.admin_view(stops_page), name="stops"),
    path("stops", admin.site.admin_view(stops_page)),
    path("stops/<int:pk>/", admin.site.admin_view(stop_page), name="stop"),
    path("stops/<int:pk>", admin.site.admin_view(stop_page)),
    path("runs/<int:pk>/", admin.site.admin_view(run_page), name="run"),
    path("runs/<int:pk>", admin.site.admin_view(run_page)),
    path("runs/<int:pk>/undo/", admin.site.admin_view(undo_page), name="undo"),
    path("runs/<int:pk>/undo", admin.site.admin_view(undo_page)),
    path("runs/<int:pk>/stop/", admin.site.admin_view(stop_undo), name="stop-undo"),
]
