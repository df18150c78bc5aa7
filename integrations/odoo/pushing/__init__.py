"""Telling Odoo what changed here: which rows go, in what order, with what cells, and what its complaints mean."""
