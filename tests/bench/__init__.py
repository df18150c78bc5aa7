"""The performance table: ratios measured in one run, on PostgreSQL, against the sandbox at a real Odoo's pace."""
