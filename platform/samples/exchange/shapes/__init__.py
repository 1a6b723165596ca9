"""Find what is where in rows of any tool: names and kinds of fields, conversations, log-probs, lists of samples, ids.

In: rows of files, as JSON values. Out: the names of the fields that hold what an import needs, and readers of the forms
that they have. Nothing here knows of runs or of the lake.
"""
