"""The simulated venue: loopback servers that speak real venues' protocols over one seeded market."""
