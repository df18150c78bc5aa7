"""The addresses of the CRM's API. Apps above join with urls of their own, before these."""

from __future__ import annotations

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from crm.api import dashboard, jwt, views
from crm.api.viewsets import NotHere

router = SimpleRouter(use_regex_path=False)
router.register("accounts", views.Accounts, "account")
router.register("contacts", views.Contacts, "contact")
router.register("opportunities", views.Opportunities, "opportunity")
router.register("activities", views.Activities, "activity")
router.register("tasks", views.Tasks, "task")
router.register("notes", views.Notes, "note")
router.register("tags", views.Tags, "tag")
router.register("stages", views.Stages, "stage")
router.register("lost-reasons", views.LostReasons, "lost-reason")
router.register("users", views.Users, "user")
router.register("countries", views.Countries, "country")
router.register("states", views.CountryStates, "state")

app_name = "api"
urlpatterns = [
    path("token/", jwt.SignIn.as_view(), name="token"),
    path("token/refresh/", jwt.Refresh.as_view(), name="token-refresh"),
    path("token/revoke/", jwt.SignOut.as_view(), name="token-revoke"),
    path("dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    *router.urls,
    re_path(r"^", NotHere.as_view()),
]
