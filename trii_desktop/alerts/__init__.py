"""Alerts on screen: lines and bells on charts, the editor, the dock, toasts and sounds, and the channels."""
