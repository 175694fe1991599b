"""This desktop's side of a sync server: accounts on servers, one connection each, the outbox, the encrypted mirror."""
