"""Read the rows of a file, wherever it lies."""
