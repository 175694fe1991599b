"""What a desktop and a server say to each other, and the state machines that say it; imports nothing else of ours.

Everything here is pure: no sockets, no clock, no randomness of its own. Times are UTC milliseconds given by the caller.
"""
