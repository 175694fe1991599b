"""Slow, obvious twin of backend/kernels/arithmetic.py."""

from fractions import Fraction


def fused(a, b, c):
    """Computed without any rounding, then rounded once."""
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    return float(exact)
