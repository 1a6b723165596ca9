"""Import sample files of other tools, and export samples.

In: files of other tools (`imports`, one reader per format). Out: Parquet or JSON lines (`export`), which
`samples import --format samples` reads back.
"""
