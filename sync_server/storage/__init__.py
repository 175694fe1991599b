"""Where the server keeps everything: SQLite or PostgreSQL behind one small protocol, migrations, files, backup, restore."""
