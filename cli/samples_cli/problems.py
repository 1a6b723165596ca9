"""`samples problems`: list the problems of a lake."""

from samples_cli import options, output

EXAMPLE = "samples problems --dataset math500 --lake ./lake"


def command(
    lake: options.Lake,
    dataset: options.Dataset = None,
    at: options.At = None,
    form: options.Format = None,
    file: options.Output = None,
    every: options.Every = False,
    limit: options.Limit = None,
) -> None:
    """List the problems of a lake, with their gold answers and how many samples there are of each."""
    import samples

    rows = samples.open(lake, version=at).query("problems", dataset=dataset)
    output.write(rows, form, file, every=every, limit=limit)
