"""The CRM itself: users and teams, accounts, contacts, opportunities, activities, tasks, notes and tags."""
