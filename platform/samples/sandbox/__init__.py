"""Run untrusted programs in bubblewrap, with limits they cannot lift. No process is left when the sandbox ends.

In: a program as text, and its limits. Out: how it ended, its output, and the results of its functions.
"""
