"""A proxy that stands before any Odoo, real or sandbox, and breaks the wire on order.

It forwards everything and injects what a network or a hoster does: answers lost after the work is done, time-outs,
resets, 429, 500, HTML in place of JSON, slow or cut bodies; webhooks on their way back can be dropped or repeated.
Start it with ``python -m integrations.odoo.faultproxy --listen 8070 --upstream http://127.0.0.1:8069``.
"""
