"""One to four charts side by side, and what links them."""
