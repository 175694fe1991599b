"""The models of this installation: what they are, where they came from, and what they can do on this machine."""
