"""Look after a lake: find what is wrong, rebuild what can be rebuilt, drop runs, delete what nobody can want any more.

In: a lake. Out: rows that say what was found and what is done about it. Nothing changes unless that is asked for.
"""
