"""Send numbered units through a pool of replicas on Ray, and get receipts back. Nothing here knows about sampling.

In: a `Job` (see `job`), which does one unit. Out: one small receipt per unit, in any order. Sampling and
rescoring are jobs. Ray moves unit numbers and receipts only; the lake decides what is done.
"""
