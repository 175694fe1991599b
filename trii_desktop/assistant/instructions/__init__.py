"""The instructions that models are given: a dialog to read, change, compare and choose them."""
