"""Everything that is not a window; imports no Qt."""
