"""The windows of TRII Desktop; the only place that imports Qt."""
