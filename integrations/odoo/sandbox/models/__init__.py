"""The models the sandbox knows, with the behaviour that was measured on real servers."""
