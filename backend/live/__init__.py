"""Live: what feeds bring, made into bars, alerts and figures in one order of work; who follows what, and how fresh it is."""
