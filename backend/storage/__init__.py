"""Where things are kept: market segments and log, encrypted ledgers, secrets, backups."""
