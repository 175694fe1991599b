"""Indicators on charts: finding, adding, changing and listing them; comparisons; how a chart is drawn."""
