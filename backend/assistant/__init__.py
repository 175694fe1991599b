"""The local assistant: facts by code, models that only phrase, and answers in which every number is one that code computed."""
