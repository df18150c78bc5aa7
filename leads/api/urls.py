"""The addresses of leads in the API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from leads.api.views import Leads

router = SimpleRouter(use_regex_path=False)
router.register("leads", Leads, "lead")

app_name = "leads-api"
urlpatterns = router.urls
