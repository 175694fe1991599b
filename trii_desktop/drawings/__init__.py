"""Drawings on charts: where they stand, how they are painted, and the tools that make and change them."""
