"""Records that are no longer where they were: deleted, hidden or merged in Odoo, and what a person says to it."""
