"""What a desktop and a server say to each other; the only part of the server that the backend may import."""
