"""The leads of the REST API."""
