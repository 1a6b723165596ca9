"""How long a file that no log names is kept.

Whoever lists such files and then names them may do so up to an age of six days, and nobody deletes them before seven.
So the two never meet, without a word between them, unless clocks differ by a day.
"""

from datetime import timedelta

NAMED = timedelta(days=6)  # up to this age a driver may still commit a segment that it finds
UNFINISHED = "_unfinished"  # a folder of what is finished of units that are not whole; no table has this name
KEPT = timedelta(days=7)  # up to this age nothing is deleted that no log names
