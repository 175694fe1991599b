"""Workspaces: how windows, docks and charts are arranged, under a name."""
