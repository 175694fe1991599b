"""No invented numbers: what a model says is held against the facts before it is shown."""
