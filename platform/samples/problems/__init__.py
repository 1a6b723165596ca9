"""Load problems from files, object stores and generators.

In: a source as a person names it. Out: a `ProblemSet`. Each problem has an id and a hash of its content.
"""
