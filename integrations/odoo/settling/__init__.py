"""What people settle between both sides: conflicts, field rules, parked messages, the undoing of a run."""
