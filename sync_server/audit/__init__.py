"""The audit log: what was done, in one chain that shows every later change; verified also without the server."""
