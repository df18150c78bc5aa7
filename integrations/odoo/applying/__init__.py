"""Odoo's records become ours: matched, merged, made or changed, a chunk in one transaction, never announced."""
