"""What is asked, from wherever it comes: files, object stores, generators.

In: a source as a person names it. Out: a `ProblemSet`, each problem under an id and a hash of its content.
"""
