"""Named workspaces: the docks and places of a window, kept, switched and brought back."""
