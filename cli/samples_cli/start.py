"""What the script `samples` runs: the command line, which Ctrl-C ends in one line even while it is imported."""

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        from samples_cli.main import main
        from samples_cli.terminal import last_words
    except KeyboardInterrupt:
        print("samples: interrupted", file=sys.stderr)  # noqa: T201 - nothing else is imported yet
        sys.exit(130)
    sys.excepthook = last_words
    main()
