"""The integrations app."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        """Tell the outbox which business rows go to Odoo, and as what; show on record pages how they stand."""
        from crm.registry import register_edit_books
        from integrations.odoo.pushing import routes
        from integrations.odoo.settling import edits
        from integrations.standing import gauges, own_values, panels, running, tiles

        routes.register()
        panels.register()
        gauges.register()
        own_values.register()
        tiles.register()
        running.register()
        register_edit_books(edits.book_for)
