"""What all pages share: the lake that they read, their templates, and who reads."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from samples.browse import commands, numbers
from samples.browse.address import Address, carried, value_of_run
from samples.browse.reading import Reading
from samples.browse.visible import visible
from samples.lake.tables import Tables
from samples.lines import printable, without_keys
from samples.reviews.reviewer import VARIABLE, require_reviewer

_TEMPLATES = Path(__file__).parent / "templates"


class Desk:
    """Where one person reads one lake."""

    def __init__(self, lake: Tables, *, tokenizer: str | None, reviewer: str | None) -> None:
        """Pin the lake.

        Raises:
            UsageError: The reviewer's name cannot be used.
            LakeError: The lake cannot be read.
        """
        given = reviewer if reviewer is not None else os.environ.get(VARIABLE)
        self.reviewer = require_reviewer(given) if given else ""  # later the last name that was given on a page
        self.tokenizer = tokenizer
        self.reading = Reading(lake)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_inert,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"visible": visible, "line": _line, "told": _told, **numbers.FILTERS}
        self._templates.filters |= {"word": commands.written, "rescore": partial(commands.rescore, lake.uri)}

    def warm(self) -> None:
        """Compile the templates, so that the first page does not wait for them."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    def render(self, template: str, address: Address, code: int = 200, **values: Any) -> HTMLResponse:
        """Return a page made of a template."""
        shared = {"address": address, "desk": self, "lake_uri": without_keys(self.reading.lake.uri)}
        shared |= {"carried": carried, "value_of_run": value_of_run}
        return HTMLResponse(self._templates.get_template(f"{template}.html").render(**shared, **values), code)


def _inert(value: Any) -> Any:
    """Make a value harmless, whatever a template does with it: spelled out here, and escaped after this."""
    if value is None:
        return ""
    return printable(value) if type(value) is str else value


def _line(text: str | None, most: int = 120) -> Markup:
    """Return the beginning of a text as one line."""
    words = (text or "")[: 4 * most].replace("\n", " ").replace("\t", " ")
    return visible(words if len(words) <= most else words[: most - 1] + "…", lines=False)


def _told(value: Any) -> str:
    """Return a value of metadata as the problem file has it: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
