"""What the mailboxes and their postmen keep between two calls: ties, hints, leases, the run under way, its steps."""
