"""Markdown of answers as blocks of marked text: no HTML, no pictures, links that say where they lead."""
