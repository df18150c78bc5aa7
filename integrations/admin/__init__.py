"""The repair bench of the sync: one module per noun; actions call services, logs are read-only, secrets are masked."""

from integrations.admin import bindings, connections, inbox, matches, outbox, progress, runs, subscriptions

__all__ = ["bindings", "connections", "inbox", "matches", "outbox", "progress", "runs", "subscriptions"]
