"""One document of the figures and tables of chosen runs, as an HTML page or as Markdown with picture files.

In: a lake, runs, and the filters of queries. Out: files. Every number is a cell of a query's answer, or a word made of
one; nothing is computed again. One snapshot answers all questions, and each number stands with the
command that prints it. A question that the lake cannot answer shows why, and the others are answered.

A file of `sections` says what one part of the report asks. The page needs no script and no network.
"""
