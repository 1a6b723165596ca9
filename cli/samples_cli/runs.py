"""`samples runs`: list the runs of a lake."""

from samples_cli import options, output

EXAMPLE = "samples runs --lake ./lake"


def command(
    lake: options.Lake,
    at: options.At = None,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:
    """List the runs of a lake: model, settings that differ, samples there and wanted, accuracy of each verifier."""
    import samples

    output.write(samples.open(lake, version=at).runs(), form, file, every=every, limit=limit)
