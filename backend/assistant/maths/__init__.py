"""Sums and equations, worked out by code: read by a small grammar, exact where fractions do, by sympy in a child otherwise."""
