"""Files of messages: uploaded in pieces, known by their content, checked, encrypted at rest, read by who reads the room."""
