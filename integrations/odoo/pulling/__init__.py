"""Finding out what changed in Odoo and fetching it: the walk by id, polls, hints, chatter, its own lists."""
