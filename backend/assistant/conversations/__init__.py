"""Conversations with the assistant, kept in the words ledger with all their branches."""
