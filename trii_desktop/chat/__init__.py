"""The chat dock: rooms, what is said in them, and what is shared from charts."""
