"""Read an answer's notation: text to a tree of LaTeX nodes, rules on the tree, the tree to SymPy.

`reading.read` gives what an answer says: its mathematics as plain LaTeX nodes, and what stands beside them (percent,
words, an option letter, a name before `=`). Each rule is a function on nodes, in the file of its kind. `plain` reads
the numbers that most answers are without any of this.
"""
