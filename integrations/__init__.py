"""Everything that talks to another system: the mailboxes below crm, and above it the postmen, one folder a vendor."""
