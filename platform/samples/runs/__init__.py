"""Define a run (one way of sampling one problem set) and record it in the lake before its first sample.

In: what a person asks for (`request`). Out: a `Run`, whose id is the hash of its specification, and rendered prompts.
"""
