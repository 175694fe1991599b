"""Feeds: live market data of each venue, behind one protocol."""
