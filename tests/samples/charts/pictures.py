"""Read what is written where in an SVG of Vega: texts with their boxes, and the number of marks.

Widths of texts are those of Helvetica, from Adobe's metrics of the font.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from math import cos, radians, sin

SHAPES = ("two runs", "one run", "long names", "many runs", "many ks", "nothing solved", "datasets")

_SVG = "{http://www.w3.org/2000/svg}"
_WIDTHS = (  # thousandths of the font's size, of the characters from space to ~
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
    556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
    556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
    500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_OTHER = 600
_BOLD = 1.06  # Helvetica-Bold is so much wider
_ASCENT, _DESCENT = 0.72, 0.21  # of letters, as a share of the size
_MARKS = {f"{_SVG}path", f"{_SVG}text", f"{_SVG}line", f"{_SVG}rect"}


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    thousandths = sum(_WIDTHS[ord(one) - 32] if 32 <= ord(one) <= 126 else _OTHER for one in text)
    return thousandths / 1000 * size * (_BOLD if bold else 1)


@dataclass(frozen=True)
class Matrix:
    """An affine map: x' = a x + c y + e, y' = b x + d y + f."""

    a: float = 1
    b: float = 0
    c: float = 0
    d: float = 1
    e: float = 0
    f: float = 0

    def then(self, o: "Matrix") -> "Matrix":
        return Matrix(
            self.a * o.a + self.c * o.b, self.b * o.a + self.d * o.b, self.a * o.c + self.c * o.d,
            self.b * o.c + self.d * o.d, self.a * o.e + self.c * o.f + self.e, self.b * o.e + self.d * o.f + self.f,
        )  # fmt: skip

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


@dataclass(frozen=True)
class Text:
    """A line of text; its box is in its own frame, which the matrix maps to the picture."""

    words: str
    role: str
    group: int
    left: float
    right: float
    top: float
    bottom: float
    matrix: Matrix
    corners: list[tuple[float, float]] = field(default_factory=list)

    def box(self) -> tuple[float, float, float, float]:
        points = [self.matrix.at(x, y) for x in (self.left, self.right) for y in (self.top, self.bottom)]
        xs, ys = zip(*points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def meets(self, other: "Text") -> bool:
        """Return whether two texts of one direction overlap by more than a pixel."""
        a, b = self._turned(), other._turned()
        return all(a[low] < b[high] - 1 and b[low] < a[high] - 1 for low, high in ((0, 2), (1, 3)))

    def _turned(self) -> tuple[float, float, float, float]:
        """Return the box in the text's direction: x along the text, y across it."""
        m = self.matrix
        points = [m.at(x, y) for x in (self.left, self.right) for y in (self.top, self.bottom)]
        along = [x * m.a + y * m.b for x, y in points]
        across = [-x * m.b + y * m.a for x, y in points]
        return min(along), min(across), max(along), max(across)


def _matrix(text: str | None) -> Matrix:
    made = Matrix()
    for name, inner in re.findall(r"(\w+)\(([^)]*)\)", text or ""):
        numbers = [float(one) for one in re.split(r"[ ,]+", inner.strip())]
        if name == "translate":
            made = made.then(Matrix(e=numbers[0], f=numbers[1] if len(numbers) > 1 else 0))
        elif name == "rotate":
            turn = radians(numbers[0])
            made = made.then(Matrix(cos(turn), sin(turn), -sin(turn), cos(turn)))
        elif name == "scale":
            made = made.then(Matrix(numbers[0], 0, 0, numbers[-1]))
        elif name == "matrix":
            made = made.then(Matrix(*numbers))
    return made


def size(svg: bytes) -> tuple[float, float]:
    root = ET.fromstring(svg)
    _, _, width, height = (float(one) for one in root.attrib["viewBox"].split())
    return width, height


def texts(svg: bytes) -> list[Text]:
    """Return the texts that can be seen."""
    found: list[Text] = []
    counter = iter(range(1_000_000))

    def visit(node: ET.Element, matrix: Matrix, role: str, group: int) -> None:
        matrix = matrix.then(_matrix(node.attrib.get("transform")))
        for name in re.findall(r"\brole-([\w-]+)", node.attrib.get("class", "")):
            if node.tag == f"{_SVG}g":
                role, group = name, next(counter)
        if node.attrib.get("opacity") == "0" or node.attrib.get("display") == "none":
            return
        if node.tag == f"{_SVG}text":
            found.extend(_lines(node, matrix, role, group))
        for child in node:
            visit(child, matrix, role, group)

    visit(ET.fromstring(svg), Matrix(), "", -1)
    return found


def _lines(node: ET.Element, matrix: Matrix, role: str, group: int) -> list[Text]:
    points = float(node.attrib["font-size"].removesuffix("px"))
    anchor = node.attrib.get("text-anchor", "start")
    bold = node.attrib.get("font-weight") in {"bold", "600", "700"}
    spans = [one for one in node if one.tag == f"{_SVG}tspan"]
    lines = [(span.text or "", float(span.attrib.get("x", 0)), float(span.attrib.get("dy", 0))) for span in spans]
    made: list[Text] = []
    y = 0.0
    for words, x, down in lines or [(node.text or "", 0.0, 0.0)]:
        y += down
        wide = width_of(words, points, bold=bold)
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        made.append(Text(words, role, group, left, left + wide, y - _ASCENT * points, y + _DESCENT * points, matrix))
    return made


def marks(svg: bytes) -> int:
    """Return how many marks of data there are: points, lines, bars, texts."""
    count = 0
    for group in ET.fromstring(svg).iter(f"{_SVG}g"):
        named = group.attrib.get("class", "").split()
        if "role-mark" in named and "mark-group" not in named:
            count += sum(1 for one in group if one.tag in _MARKS)
    return count
