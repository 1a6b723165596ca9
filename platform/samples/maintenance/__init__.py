"""Look after a lake: rebuild what is damaged, drop runs that were wrong, delete what nobody can want any more.

In: a lake. Out: rows that say what was found and what is done about it. Nothing changes unless that is asked for.
"""
