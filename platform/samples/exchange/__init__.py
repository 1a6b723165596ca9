"""Other tools' sample files in, samples out.

In: files of other tools (`imports`, one reader per format). Out: Parquet or JSON lines (`export`), which
`samples import --format samples` reads back.
"""
