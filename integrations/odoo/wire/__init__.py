"""Talking with one Odoo: transports, calls, answers, refusals, the fields that exist, and the session around them."""
