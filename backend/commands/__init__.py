"""What `trii` can do without a window: one module a command."""
