"""The REST API: serializers, viewsets, one shape of error, keyset pages; the services write."""
