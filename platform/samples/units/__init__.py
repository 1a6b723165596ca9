"""Do the missing units of a job, and commit each of them once: what `ingest` and `score` share.

In: a plan of what the lake lacks, and a job whose replicas write one segment per unit. Out: committed units. The lake
decides what is missing, before and after. A unit is committed whole, its heavy table first. A driver that died leaves
complete segments, which the next one commits. Drivers that work at the same time do different units.
"""
