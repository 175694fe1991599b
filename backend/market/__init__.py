"""Market data: instruments, bars, their history and what brings them in."""
