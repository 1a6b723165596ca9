"""The tables at one URI: where they lie, how they are written, which version a reader sees.

In: rows of a table that `samples_schemas` declares. Out: snapshots, datasets, lists of files. A file exists for readers
when a commit names it, and a commit names all of its files or none. Nothing is rewritten or deleted.
"""
