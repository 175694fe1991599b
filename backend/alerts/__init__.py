"""Alerts: rules over live prices, evaluated as ticks come, stored so that a restart neither forgets nor repeats."""
