"""Reads of the CRM, one module per screen or noun, with their select_related."""
