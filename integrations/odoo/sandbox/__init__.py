"""A small Odoo look-alike in its own process: three transports, series 16, 18 and 19, own storage.

It shares no code with the client beside it, so that a mistake in one does not hide a mistake in the other.
Start it with ``python -m integrations.odoo.sandbox --port 8069 --series 18 --data DIR``.
"""
