"""Look after a lake: find and mend what is wrong, merge small files, drop and copy runs, delete what is left over.

In: a lake. Out: rows that say what was found and what is done about it. Nothing changes unless that is asked for.
"""
