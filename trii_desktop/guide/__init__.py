"""The first-run tour: a walk past the parts of the window."""
