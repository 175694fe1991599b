"""What a model that sees names in the picture of a chart, held against what code finds in its bars."""
