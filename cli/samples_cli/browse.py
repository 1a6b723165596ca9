"""`samples browse`: read samples in a web browser."""

from typing import Annotated

from typer import Option

from samples_cli import options, terminal

EXAMPLE = "samples browse --lake ./lake"


def command(
    lake: options.Lake,
    at: options.At = None,
    port: Annotated[int | None, Option("--port", min=1, max=65535, metavar="PORT", show_default="a free one",
        help="Answer at this port of 127.0.0.1. For a lake on another machine, run this command there, and on yours: "
        "ssh -L PORT:127.0.0.1:PORT HOST; then open the printed address.")] = None,
    tokenizer: Annotated[str | None, Option("--tokenizer", metavar="MODEL",
        help="Decode the tokens with this model's tokenizer, and shade them in the text: a folder, or a name on the "
        "Hugging Face Hub; run is the model that each run names. Without it no file of a model is opened.")] = None,
    reviewer: Annotated[str | None, Option("--reviewer", metavar="NAME",
        help="Store reviews under this name. Without it, the page asks for one.")] = None,
) -> None:  # fmt: skip
    """Read samples in a web browser: runs, problems, samples, one sample, two runs side by side; and review them.

    Prints an address and opens nothing. Only this machine is answered, and only to who knows the address. Ctrl-C ends
    it. Only reviews are written.
    """
    import os

    import samples

    served = samples.open(lake, version=at).browse(port=port, tokenizer=tokenizer, reviewer=reviewer)
    terminal.put(served.url)
    terminal.say("Open this address in a web browser. Ctrl-C ends the server.")
    try:
        served.wait()
    except KeyboardInterrupt:
        os._exit(0)  # a page that is still being made, or a question that runs, is not waited for
