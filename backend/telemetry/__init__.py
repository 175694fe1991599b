"""What the program tells about its own work: logs, metrics, and what is left out of both."""
