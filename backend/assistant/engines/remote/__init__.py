"""Endpoints and services that answer over HTTP: asked only where the person allows it."""
