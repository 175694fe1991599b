"""Charts as values: what a chart shows and what is drawn on it, without a window."""
