"""Settings, the recovery phrase and the passphrase."""
