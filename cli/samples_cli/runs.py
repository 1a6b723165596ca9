"""`samples runs`: list the runs of a lake."""

from samples_cli import options, output

EXAMPLE = "samples runs --lake ./lake"


def command(
    lake: options.Lake,
    at: options.At = None,
    skip_unreadable: options.SkipUnreadable = False,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:
    """List the runs of a lake: model, settings that differ, samples there and wanted, accuracy of each verifier."""
    import samples

    rows = samples.open(lake, version=at).runs(skip_unreadable=skip_unreadable)
    output.write(rows, form, file, every=every, limit=limit)
