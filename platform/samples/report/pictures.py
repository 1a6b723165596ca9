"""Make the SVG of a chart fit to stand in a page beside others, whatever the names in it say.

Only the elements and attributes that charts use are kept. Ids get a prefix, so that two charts never share one.
"""

import re
import xml.etree.ElementTree as ET

from samples.lines import printable

_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath", "title"})
_ATTRIBUTES = frozenset(
    {"width", "height", "viewBox", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "transform"}
    | {"fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset"}
    | {"stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "text-anchor", "font-family", "font-size"}
    | {"font-weight", "font-style", "dx", "dy", "id", "clip-path", "class", "role", "aria-label"}
    | {"aria-roledescription", "aria-hidden", "dominant-baseline", "display", "visibility"}
)
_URL = re.compile(r"url\(#([\w-]+)\)")


def standing_alone(svg: bytes) -> bytes:
    """Return an SVG for a file of its own: control and invisible characters in its texts are spelled out."""
    return printable(svg.decode()).encode()


def within_page(svg: bytes, prefix: str, label: str) -> str:
    """Return an SVG for a page: known elements and attributes only, ids with the prefix, named `label` for readers."""
    root = ET.fromstring(printable(svg.decode()))  # noqa: S314 - the chart's own SVG, and expat expands no entity of it
    _clean(root, prefix)
    root.attrib |= {"role": "img", "aria-label": label}
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element, prefix: str) -> None:
    kept: dict[str, str] = {}
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES:
            continue
        if name == "id":
            kept[name] = prefix + value
        elif "url(" in value:
            if found := _URL.fullmatch(value):
                kept[name] = f"url(#{prefix}{found[1]})"
        else:
            kept[name] = value
    element.attrib.clear()
    element.attrib.update(kept)
    for child in list(element):
        if child.tag.removeprefix(f"{{{_SVG}}}") not in _ELEMENTS:
            element.remove(child)
        else:
            _clean(child, prefix)
