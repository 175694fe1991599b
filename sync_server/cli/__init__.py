"""The command line of the server: serve, invite, people, organisations, backups."""
