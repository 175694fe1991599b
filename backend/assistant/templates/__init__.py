"""The instructions that models are given: shipped, versioned by a person, compared and chosen."""
