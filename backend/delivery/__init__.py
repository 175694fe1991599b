"""Delivery: what fired, carried to a person's channels; queued, tried again, and every attempt recorded."""
