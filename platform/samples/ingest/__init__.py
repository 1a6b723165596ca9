"""Draw the missing samples of a run and commit them.

In: a prepared request. Out: committed units of samples, and a summary. A unit is committed whole, once. The same
command again draws only what is still missing. Drivers of one run that work at the same time draw different units.
"""
