"""A run: one way of sampling one problem set, and what the lake records of it before its first sample.

In: what a person asks for (`request`). Out: a `Run` whose id is the hash of its specification, and rendered prompts.
"""
