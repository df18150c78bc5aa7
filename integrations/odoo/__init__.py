"""Odoo, room by room: wire and mappers below, on them applying, pulling, vanished, pushing; settling, setup on top."""
