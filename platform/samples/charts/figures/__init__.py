"""One figure a file, named like its query: `draw` makes the chart of an answer."""
