"""What code knows of an instrument at one moment: numbered facts with their formulas, inputs and sources."""
