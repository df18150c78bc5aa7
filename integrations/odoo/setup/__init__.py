"""Setting up a connection and keeping it sound: connect, doctor, key, webhooks, what an upgrade will change."""
