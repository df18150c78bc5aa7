"""Leads: the record, its list, and its conversion into account, contact and opportunity."""
