"""Names that the command line repeats, because importing them takes half a second: they are those of the library."""

from typing import get_args, get_type_hints

import pytest

from samples import engines
from samples.errors import UsageError
from samples.exchange.imports import AUTO, FORMATS, ROWS
from samples.verifiers import verifier
from samples_cli import complete, import_, ingest


def test_the_engines_of_the_command_line_are_those_of_the_library():
    assert get_args(get_type_hints(ingest.command)["engine"]) == engines.NAMES


def test_the_verifiers_of_the_command_line_are_those_of_the_library():
    with pytest.raises(UsageError, match=f"choose one of {', '.join(complete.VERIFIERS)}, or give"):
        verifier("vibes")


def test_the_formats_of_the_command_line_are_those_of_the_library():
    assert get_args(import_.Format) == (*FORMATS, ROWS, AUTO)
