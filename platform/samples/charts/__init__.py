"""Charts of named queries: one figure per query, drawn of the rows of its answer.

In: a lake, the name of a query and its parameters. Out: an Altair chart, or the bytes of a file. A chart computes no
number again: its data are the query's rows. It needs no display, no browser and no network. Altair is imported when
something is drawn.
"""
