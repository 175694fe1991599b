"""Search in what was said: an index beside the logs with its own cursor, and answers that hold only what the asker may read."""
