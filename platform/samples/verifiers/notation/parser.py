r"""Read a text into a tree of LaTeX nodes.

The tree has what rules need and no more: numbers, words (runs of letters), signs, spaces, commands with their
arguments, scripts, brackets, environments. A reader of documents such as pylatexenc
has other aims: it needs the arguments of every command declared, and answers hold what people type beside LaTeX
(`2^-3`, `sqrt(2)`, `[0,1)`, an open brace). This is one regular expression for tokens and one function for groups.

A script takes a whole number (`10^12`) and a sign (`10^-3`), as typed; \frac takes single digits (`\frac34`), as in
TeX.
"""

import re

from samples.verifiers.notation.tree import Node, Nodes
from samples.verifiers.notation.vocabulary import words as vocabulary

MAX_DEPTH = 30  # groups in groups; real answers have up to 6


class TooDeep(ValueError):
    """A text has more groups in groups than `MAX_DEPTH`."""


TEXT_FONTS = vocabulary(
    "text textrm textbf textit textsf texttt textnormal textup mbox hbox mathrm rm mathbf bf mathit mathsf mathtt "
    "operatorname emph mathnormal textsc it sf tt bfseries itshape"
)
_ONE = vocabulary(
    "boxed fbox framebox underline overline bm boldsymbol pmb pmod tag phantom hphantom vphantom hspace vspace dot "
    "ddot hat vec bar tilde widehat widetilde overrightarrow cancel mathbb mathcal mathfrak mathscr num ang color "
    "mathop textsuperscript textsubscript unit si ensuremath underbrace overbrace label displaylimits mathchoice "
    "operatorname* smash cancelto"
)
_TWO = vocabulary(
    "frac dfrac tfrac cfrac sfrac nicefrac binom dbinom tbinom textcolor colorbox SI qty stackrel overset underset"
)
_DECLARED = frozenset(["rm", "bf", "it", "sf", "tt", "bfseries", "itshape"])
_OPEN = {"(": "(", "[": "[", r"\{": "{", r"\lbrace": "{", r"\langle": "<", r"\lbrack": "[", r"\lparen": "("}
_CLOSE = {")": ")", "]": "]", r"\}": "}", r"\rbrace": "}", r"\rangle": ">", r"\rbrack": "]", r"\rparen": ")"}
_TOKEN = re.compile(
    r"(?P<sized>\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*(?P<point>\.?))"
    r"|\\(?P<bound>begin|end)\s*\{(?P<env>[A-Za-z]+)\*?\}"
    r"|(?P<command>\\(?:[A-Za-z]+|.))|(?P<number>\d+(?:\.\d+|\.(?!\.))?|\.\d+)|(?P<word>[A-Za-z]+)"
    r"|(?P<space>[\s~]+)|(?P<power>\*\*)|(?P<text>[^\W\d_]+)|(?P<sign>.|\\)",
    re.DOTALL | re.ASCII,
)


def parse(text: str) -> Nodes:
    """Return the nodes of a text. Brackets and braces without a partner become signs.

    Raises:
        TooDeep: There are more groups in groups than `MAX_DEPTH`.
    """
    return _Parser(text).nodes()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, str | None]] = [
            ("env", found["env"], found["bound"]) if found["bound"] else (str(found.lastgroup), found[0], None)
            for found in _TOKEN.finditer(text)
            if not found["sized"]
        ]
        self.place = 0
        self.depth = 0

    def nodes(self) -> Nodes:
        found: Nodes = []
        while self.place < len(self.tokens):
            found += self.sequence()
            if self.place < len(self.tokens):  # a closing token that nothing opened
                found.append(Node("sign", self.tokens[self.place][1]))
                self.place += 1
        return found

    def sequence(self) -> Nodes:
        """Read nodes to the next closing token of any kind, which is left where it is."""
        found: Nodes = []
        while self.place < len(self.tokens):
            _, part, bound = self.tokens[self.place]
            if part == "}" or bound == "end" or part in _CLOSE:
                break
            found += self.one()
        return found

    def one(self) -> Nodes:
        """Read the node at this place: usually one; more, if a group was not closed."""
        kind, part, bound = self.tokens[self.place]
        self.place += 1
        if bound == "begin":
            return self.enclosed("env", part)
        if part == "{":
            return self.enclosed("group", "")
        if part in _OPEN:
            return self.enclosed("bracket", _OPEN[part])
        if kind == "command":
            return self.command(part[1:])
        if part in ("^", "_", "**"):
            return [self.script("_" if part == "_" else "^")]
        return [Node(kind, " " if kind == "space" else part)]

    def enclosed(self, kind: str, opening: str) -> Nodes:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooDeep
        inner = self.sequence()
        while self.place < len(self.tokens) and not self.closes(kind):
            part = self.tokens[self.place][1]
            if kind != "group" and (part == "}" or self.tokens[self.place][2]):
                break  # the closing brace of a group around this
            inner.append(Node("sign", part))
            self.place += 1
            inner += self.sequence()
        self.depth -= 1
        if self.place >= len(self.tokens) or not self.closes(kind):
            return [Node("sign", opening or "{"), *inner]
        part = self.tokens[self.place][1]
        self.place += 1
        return [Node(kind, opening + _CLOSE[part] if kind == "bracket" else opening, (inner,))]

    def closes(self, kind: str) -> bool:
        _, part, bound = self.tokens[self.place]
        if kind == "env":
            return bound == "end"
        return part == "}" if kind == "group" else part in _CLOSE

    def script(self, sign: str) -> Node:
        self.skip_spaces()
        if self.place >= len(self.tokens):
            return Node("script", sign, ([],))
        body: Nodes = []
        if self.tokens[self.place][1] in "+-" and self.place + 1 < len(self.tokens):
            body.append(Node("sign", self.tokens[self.place][1]))
            self.place += 1
        body += self.argument(digits=False)
        if sign == "^" and (self.at("^") or self.at("**")):
            self.place += 1
            body.append(self.script("^"))  # 2^3^2 is 2^9
        return Node("script", sign, (body,))

    def argument(self, *, digits: bool) -> Nodes:
        """Read one argument: a group's content, a command, one letter, a number or (`digits`) one digit."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooDeep
        found = self.next_argument(digits=digits)
        self.depth -= 1
        return found

    def next_argument(self, *, digits: bool) -> Nodes:
        self.skip_spaces()
        if self.place >= len(self.tokens):
            return []
        kind, part, bound = self.tokens[self.place]
        if part in ("}", "\\\\") or bound == "end" or part in _CLOSE:
            return []
        if kind == "word" or (kind == "number" and digits):
            first, rest = part[0], part[1:]
            self.place += 1
            if rest:
                self.place -= 1
                self.tokens[self.place] = (kind, rest, None)
            return [Node(kind, first)]
        found = self.one()
        return found[0].args[0] if len(found) == 1 and found[0].kind == "group" else found

    def command(self, name: str) -> Nodes:
        if name in _DECLARED and not self.at("{"):
            return [Node("font", name, (self.sequence(),))]  # to the end of the group: {\rm cm}
        if name in TEXT_FONTS:
            return [Node("font", name, (self.argument(digits=True),))]
        option = None
        if name in ("sqrt", "SI", "si", "unit", "qty", "cfrac", "underset", "num"):
            option = self.optional()
        if name == "sqrt":
            return [Node("command", "sqrt", (self.argument(digits=False),), option)]
        count = 2 if name in _TWO else 1 if name in _ONE else 0
        if name == "color":
            return [Node("command", name, (self.argument(digits=True),))]
        return [Node("command", name, tuple(self.argument(digits=True) for _ in range(count)), option)]

    def optional(self) -> Nodes | None:
        self.skip_spaces()
        if self.place >= len(self.tokens) or self.tokens[self.place][1] != "[":
            return None
        self.place += 1
        inner = self.sequence()
        self.place += 1
        return inner

    def at(self, part: str) -> bool:
        self.skip_spaces()
        return self.place < len(self.tokens) and self.tokens[self.place][1] == part

    def skip_spaces(self) -> None:
        while self.place < len(self.tokens) and self.tokens[self.place][0] == "space":
            self.place += 1
