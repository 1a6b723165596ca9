"""Help pages: every command and query has one, it explains every option, and it reads well at 80 columns."""

import re
import subprocess
import sys
from dataclasses import MISSING, fields
from typing import get_args

import pytest
import typer.core

import samples_queries
from samples.charts.registry import CHARTS
from samples.engines import Placement, Sampling
from samples.errors import UsageError
from samples.runs.request import Request
from samples.verifiers import verifier
from samples_cli import complete, options, output
from samples_cli.main import COMMANDS, cli

NAMES = [name for panel in COMMANDS.values() for name in panel]
PAGES = [(name,) for name in NAMES] + [("query", name) for name in samples_queries.NAMES]
PAGES += [("plot", name) for name in CHARTS]


def found(page: tuple[str, ...]) -> typer.core.TyperCommand:
    command = cli
    for name in page:
        command = command.get_command(None, name)
    return command


@pytest.mark.parametrize("page", [(), *PAGES], ids=" ".join)
def test_a_help_page_keeps_words_whole_and_fits_80_columns(samples, monkeypatch, page):
    monkeypatch.setenv("COLUMNS", "100")
    wide = samples(*page, "--help")
    assert wide[0] == 0
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = samples(*page, "-h")
    assert (code, err) == (0, "")
    assert out.split() == wide[1].split()
    assert max(map(len, out.splitlines())) <= 80
    assert not re.search(r"[ \t]$", out, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_option_says_what_it_does_in_a_sentence(page):
    command = found(page)
    assert command.help
    for param in command.params:
        assert param.help, param.name
        assert param.help[0] == "-" or not param.help[0].islower() or param.help.split()[0].rstrip(",") in OPTION_WORDS
        assert param.help.endswith((".", ".'")), param.name


OPTION_WORDS = {"table"}  # a sentence may begin with what is typed


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"query", "plot"}])
def test_a_command_has_an_example(samples, name):
    _, out, _ = samples(name, "--help")
    assert f"Example\n  samples {name} " in out


@pytest.mark.parametrize("name", samples_queries.NAMES)
def test_the_page_of_a_query_is_its_whole_header(samples, name):
    said = samples_queries.header(name)
    _, out, _ = samples("query", name, "--help")
    words = " ".join(out.split())
    for text in (said.answers[1:], *said.meanings.values(), *said.about.splitlines(), said.example):
        assert " ".join(text.split())[1:] in words
    for column in said.columns:
        assert re.search(rf"^  {column}\b", out, re.MULTILINE)
    for parameter in said.params:
        assert f"  {parameter.option.split('/')[0]} " in out


def test_ingest_has_its_options_in_panels_in_the_order_of_the_work(samples):
    _, out, _ = samples("ingest", "--help")
    panels = ["What to ask", "The prompt", "Sampling", "Engine and placement", "The run", "Lake", "Progress"]
    titles = [line for line in out.splitlines() if line and not line.startswith((" ", "Usage"))]
    assert titles == [*panels, "Options", "Example"]
    assert "  -k, --k N" in out


def test_defaults_of_ingest_are_those_of_the_library():
    defaults = {param.name: param.default for param in found(("ingest",)).params}
    for kind in (Sampling, Placement, Request):
        for field in fields(kind):
            if field.name in defaults and field.default is not MISSING:
                assert (defaults[field.name] or field.default) == field.default, field.name
    assert tuple(defaults["replicas"]) == (1, 1)


def test_names_that_the_command_line_repeats_are_those_of_the_library():
    assert get_args(get_args(get_args(options.Format)[0])[0]) == output.FORMS
    with pytest.raises(UsageError, match=", ".join(complete.VERIFIERS)):
        verifier("nope")


def test_help_imports_no_library_that_takes_long():
    pages = [
        ["--help"],
        *([name, "--help"] for name in NAMES),
        ["query", "pass_at_k", "--help"],
        ["plot", "pass_at_k", "--help"],
    ]
    program = f"""
import sys
from samples_cli.main import main
for page in {pages!r}:
    try:
        main(page)
    except SystemExit as done:
        assert not done.code
slow = {{'ray', 'torch', 'vllm', 'transformers', 'duckdb', 'pyarrow', 'deltalake', 'numpy', 'pydantic', 'rich'}}
slow |= {{'altair', 'vl_convert'}}
assert not slow & set(sys.modules), slow & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
