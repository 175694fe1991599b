"""Adapters fitted to a model by examples, with PyTorch and PEFT, apart from the program that uses them (`trii train`)."""
