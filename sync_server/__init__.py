"""The meeting point of several desktops; this release holds only the place of its protocol, no server yet."""
