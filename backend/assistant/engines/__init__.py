"""Where models run: in this process, in a child, or at an endpoint, all behind one protocol."""
