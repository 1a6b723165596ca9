"""Write a chart as a file: SVG, PNG, PDF, HTML, or its Vega-Lite specification.

No format needs a display, a browser or a network: vl-convert holds what draws, and the scripts of the HTML page.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samples.errors import UsageError
from samples.lines import printable

if TYPE_CHECKING:
    from samples.charts.panels import Drawn

_SCALE = 2.0  # pixels of a PNG per unit of the chart, for print and dense screens

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ margin: 1rem; background: #fff; }} #chart {{ overflow-x: auto; }}</style>
<script>{scripts}</script>
</head>
<body>
<div id="chart"></div>
<script>
const specification = {specification};
const options = {{actions: {{export: true, source: false, compiled: false, editor: false}}, renderer: "svg"}};
vegaEmbed("#chart", specification, options);
</script>
</body>
</html>
"""

# The page may not ask for anything elsewhere. Vega compiles its expressions, which is called eval.
_POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"


def form_of(file: str) -> str:
    """Return the format that a file's ending names.

    Raises:
        UsageError: It names none.
    """
    form = Path(file).suffix.lower().removeprefix(".")
    if form not in FORMS:
        endings = ", ".join(f".{known}" for known in FORMS)
        raise UsageError(f"{file}: its ending names no format of a chart: end it in {endings}")
    return form


def encoded(chart: "Drawn", form: str) -> bytes:
    """Return a chart as the bytes of a file of this format, one of FORMS.

    Control and invisible characters are spelled out: vl-convert aborts the process at some. JSON keeps exact text.
    """
    specification = chart.to_dict()
    return FORMS[form](specification if form == "json" else _inert(specification))


def _inert(part: Any) -> Any:
    if isinstance(part, dict):
        return {_inert(key): _inert(value) for key, value in part.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(part, list):
        return [_inert(value) for value in part]  # pyright: ignore[reportUnknownVariableType]
    return printable(part) if isinstance(part, str) else part


def _svg(specification: dict[str, Any]) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_svg(specification, vl_version=_version()).encode()


def _png(specification: dict[str, Any]) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_png(specification, vl_version=_version(), scale=_SCALE)


def _pdf(specification: dict[str, Any]) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_pdf(specification, vl_version=_version())


def _html(specification: dict[str, Any]) -> bytes:
    """Return a page that holds its scripts. Names of runs come from anywhere: no text of theirs ends the script."""
    import html

    import vl_convert

    inert = json.dumps(specification, separators=(",", ":")).replace("<", "\\u003c")
    text = specification["title"]["text"]
    title = html.escape(" ".join(text) if isinstance(text, list) else str(text))
    bundle: Callable[..., str] = vl_convert.javascript_bundle  # its stub asks for a snippet, which need not be given
    scripts = bundle(vl_version=_version())
    return _PAGE.format(policy=_POLICY, title=title, scripts=scripts, specification=inert).encode()


def _json(specification: dict[str, Any]) -> bytes:
    return (json.dumps(specification, indent=1, ensure_ascii=False) + "\n").encode()


def _version() -> str:
    """Return the version of Vega-Lite that Altair writes, as vl-convert takes it: 6.1."""
    from altair import SCHEMA_VERSION

    return ".".join(SCHEMA_VERSION.removeprefix("v").split(".")[:2])


FORMS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "svg": _svg, "png": _png, "pdf": _pdf, "html": _html, "json": _json,
}  # fmt: skip
