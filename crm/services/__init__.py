"""Writes of the CRM, one module per noun: keyword-only, typed, in a transaction, announced through the outbox."""
