"""What runs in the background, in a dock."""
