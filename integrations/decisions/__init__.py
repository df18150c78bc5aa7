"""What a person decides outside Odoo's own room: possible matches, parked messages, a connection's switches."""
