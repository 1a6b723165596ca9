"""Ray, and nothing of sampling: numbered units go through a pool of replicas, and receipts come back.

In: a `Job` (see `job`), which says how one unit is done. Out: one small receipt per unit, in any order. Sampling and
rescoring are jobs. Ray moves unit numbers and receipts only; the lake decides what is done.
"""
