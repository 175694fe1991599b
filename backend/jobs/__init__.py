"""Background work: what waits until the first chart is there, and what runs in a child process."""
