"""Small parts that know no trading word."""
