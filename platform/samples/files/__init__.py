"""Read the rows of a file, wherever it lies: a path or a URI, compressed or not, in the format that its name says.

In: JSON lines, a JSON document, CSV or Parquet. Out: rows in order, each with the place that an error about it names.
Memory holds one row at a time. Problem files and sample files are both read here. `whole` writes files that appear
whole or not at all.
"""
