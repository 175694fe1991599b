"""The action table: everything the user can do."""
