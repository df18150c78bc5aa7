"""The pages of the workspace, one module per screen; each finds, calls one service or selector, and answers."""
