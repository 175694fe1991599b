"""The analysis of a stock in five sections: facts, judged claims, and words in which every number is a fact."""
