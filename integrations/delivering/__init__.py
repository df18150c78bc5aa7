"""The sender of outgoing webhooks: signs, sends, and says when to try again."""
