"""Named lists of instruments to watch, and the latest figures of each."""
