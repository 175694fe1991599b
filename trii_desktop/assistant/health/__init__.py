"""How the assistant stands, shown in the window."""
