"""The assistant's dock: conversations, answers as they grow, and the numbers in them that lead to where they come from."""
