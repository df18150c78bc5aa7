"""The crm app."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "CRM"

    def ready(self) -> None:
        """Put the CRM's own figures on the first page, and its nouns into the workspace."""
        from crm import actions, registry, related, timeline, workbook
        from crm.selectors import related as beside
        from crm.selectors.home import home_tiles
        from crm.selectors.timeline import SOURCES
        from crm.services import bulk_jobs

        registry.register_home_tiles(home_tiles)
        workbook.register()
        timeline.register(*SOURCES)
        related.register(beside.boxes)
        actions.register()
        bulk_jobs.register()
