"""What is counted while the sync works: calls by the hour, webhooks by the day, and figures for the sync page."""
