"""Keep what people who read samples say of their chains of thought.

In: a label, a note, and who gave them. Out: rows of table `reviews`, which are only appended.
"""
