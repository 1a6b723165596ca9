"""Store the tables of a lake at one URI, and read any version of them.

In: rows of a table that `samples_schemas` declares. Out: snapshots, datasets, lists of files. Readers see a file once a
commit names it. A commit names all of its files or none. Nothing is rewritten or deleted here,
except for the notes that running programs leave for each other beside the tables.
"""
