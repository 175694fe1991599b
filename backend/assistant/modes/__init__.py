"""How each mode answers: search and questions by code, analysis by code with a model's wording, conversation by a checked model."""
