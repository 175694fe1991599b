"""Rows of any height below each other, of which only those in view are widgets."""
