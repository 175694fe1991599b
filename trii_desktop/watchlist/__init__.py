"""The watchlist dock: instruments with their last price, change and volume."""
