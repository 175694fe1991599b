"""The command palette: everything that can be done or found, in one list."""
