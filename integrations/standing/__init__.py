"""How things stand between here and Odoo: per connection, per model and per record, on pages and by alert."""
