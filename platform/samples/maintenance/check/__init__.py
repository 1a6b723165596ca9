"""Find what is wrong with a lake, and name the way out of each finding. Nothing is changed.

`audits` lists what is asked of the rows in SQL, over one pinned snapshot. `logs` and `files` see what SQL cannot: logs
that cannot be read, files that are gone, changed, foreign or that no log names. `pages` reads every byte.
"""
