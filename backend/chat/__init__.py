"""Rooms and messages as a person sees them, from the local mirror and what still waits to be sent."""
