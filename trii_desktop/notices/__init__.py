"""The notification centre: the list of notices as a panel, and what keeps the important ones."""
