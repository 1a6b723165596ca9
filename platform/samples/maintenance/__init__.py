"""Look after a lake: merge small files, find what is damaged, and rebuild what other files of the lake still hold.

In: a lake. Out: rows that say what was found and what is done about it. Nothing changes unless that is asked for.
"""
