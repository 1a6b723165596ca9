"""Run programs nobody trusts: bubblewrap, limits that cannot be lifted, and nothing left when it ends.

In: a program as text, and its limits. Out: how it ended, what it wrote, what its functions returned.
"""
