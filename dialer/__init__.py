"""The cold-call dialer: call lists, the call queue, outcomes and callbacks."""
