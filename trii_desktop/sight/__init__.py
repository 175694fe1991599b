"""What panels see of the live market: how fresh everything is, whose hours it keeps, and what of it they follow."""
