"""Read samples in a web browser: a server on this machine, for one person.

In: a lake. Out: an address on loopback, and pages of HTML. All pages read one pinned snapshot until the reader asks for
a newer one. What models wrote is data on these pages: every character is shown, and nothing of it runs. The server
answers nobody who does not know the key in its address, asks no other machine for anything, and writes only reviews.
"""
