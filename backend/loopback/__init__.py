"""The API for scripts: HTTP and WebSocket on this computer's loopback address, off until it is turned on."""
