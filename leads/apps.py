"""The leads app."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        """Join the demo data, the first page and the workspace."""
        from crm import registry
        from leads import actions, demo, selectors, workbook

        registry.register_demo_maker(demo.make_leads)
        registry.register_home_tiles(selectors.home_tiles)
        workbook.register()
        actions.register()
