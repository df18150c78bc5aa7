"""The repair bench of the CRM: one module per noun; actions call services, logs are read-only."""

from crm.admin import accounts, audit, beat, pipeline, setup, tokens, users, work

__all__ = ["accounts", "audit", "beat", "pipeline", "setup", "tokens", "users", "work"]
