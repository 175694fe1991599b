"""The live market on screen: time and sales, depth, the feeds, and how fresh everything is."""
