"""Servers this desktop belongs to: joined by a link, signed in to, and shown as they stand."""
