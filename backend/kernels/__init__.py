"""Pure functions over arrays: each a formula and the loop over it."""
