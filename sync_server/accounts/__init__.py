"""Who people are and what they may do: passwords, sessions, second factors, invitations, keys, roles, limits."""
