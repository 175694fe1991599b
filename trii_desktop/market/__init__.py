"""Finding instruments, choosing time-frames, importing files and editing bars."""
