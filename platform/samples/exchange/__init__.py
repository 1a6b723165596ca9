"""Import sample files of other tools, and export samples.

In: files of other tools (`imports`: a reader for each format, and one for rows of any tool). Out: Parquet or JSON lines
(`export`), which `samples import --format samples` reads back.
"""
