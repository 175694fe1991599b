"""Questions over the platform that code answers alone: from words to a checked plan, from a plan to facts and a sentence."""
