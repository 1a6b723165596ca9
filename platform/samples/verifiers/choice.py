r"""Multiple choice: the letter A to J that a completion chooses.

Gold answer: a letter in any of the dresses below; any other gold answer is refused.

The answer is found by the rule of `samples.verifiers.extraction`. In a tag, box, JSON field or behind `####` it is
the letter that comes first, in any dress: (B), `B`, "B", <B>, \textbf{(B)}\ 12, B. 12. A formula (`A \cap B`) holds
no letter; two letters (`A, C`, "A or B") choose nothing. In a statement, "the answer is B", the letter must come
first, too.

Without a statement these count, the last one of the first form that is found: "B is correct", "choose (B)", "it must
be (B)"; a last line that is a letter, or an option (`B. 4`); a completion that begins with one (`B. Paris`). Options
that are discussed, listed or rejected are not chosen: "Option A ignores the sign", "(A) 10 (B) 12", "it cannot be
option A".

A lower-case letter counts where nothing else can be meant: in brackets, alone, or at the end of a sentence ("the
answer is b."), but not in "the answer is a ratio".

Limits: an answer of several letters is no answer. The value of an option is taken for its letter in one case: the
completion lists all options as different numbers, and its last sentence ends in one of them (`2*7 = 14.`).
Needs nothing. One answer takes a millisecond; 10 s and 1 GiB end it.
"""

import re

from samples.errors import UsageError
from samples.problems.problems import Problem
from samples.verifiers import Verdict, Verifier, gold_text
from samples.verifiers.extraction import final_answer, last_match
from samples.verifiers.notation.plain import plain_value

_FONT = (
    r"\\(?:text|textbf|textit|textrm|textsf|texttt|mathrm|mathbf|mathsf|mathtt|mathit|mbox|rm|bf|boxed|Large|large)\b"
)
_OPEN = rf"(?:{_FONT}|\\[,;:! ]|[\s{{(\[*$~<`\"'\u201c\u2018\uff08\u3010\u300c_]){{0,16}}"
_SHUT = r"(?:\\[,;:! ]|[\s})\]*$~>`\"'\u201d\u2019\uff09\u3011\u300d_]){0,16}"
_NAMED = (
    r"(?:(?i:therefore|thus|clearly|indeed|hence|definitely)\s+)?"
    r"(?:(?i:the\s+)?(?i:options?|choice|letter|answer)\s*:?\s*)?"
)
_FORMULA = re.compile(
    r"\s*(?:[-+=^/_<>|&]|\\(?:cap|cup|propto|subset|to|in|le|ge|times|cdot|approx|sim|equiv|neq|leq|geq|circ|frac)\b)"
)
_END = r"(?![A-Za-z0-9'])"
_ANOTHER = re.compile(rf"\s*(?:,|/|&|\\&|;|(?i:\band\b|\bor\b)|\\text\{{\s*(?:and|or)\s*\}})+\s*{_OPEN}[A-Ja-j]{_END}")
_TOGETHER = re.compile(r"\s*A?B?C?D?E?F?G?H?I?J?\s*")  # ACD
_LETTER = re.compile(rf"{_OPEN}{_NAMED}{_OPEN}(?P<letter>[A-Ja-j]){_END}(?P<shut>{_SHUT})")
_REASON = re.compile(r"\s*(?:because|since|as|for|due|which|and|with|is|\Z|[^\sA-Za-z])")
_CORRECT = (
    r"(?:correct|right|true|best|the (?:correct|right|best)|the answer|my (?:answer|choice)|our (?:answer|choice))"
)
_CHOOSE = "choose|chose|choosing|pick|select|selected|go with|going with|opt for|take|mark|conclude|must be|should be"
_IS_CHOICE = "is|:|=|would be|must be|should be|seems to be"
_PHRASES = (
    re.compile(
        r"(?<![A-Za-z'])\(?\**\(?([A-J])\)?\**\)?\s+(?:is|must be|seems|looks)\s+(?:(?:clearly|therefore|indeed)\s+)?"
        rf"{_CORRECT}\b"
    ),
    re.compile(
        rf"(?<!not )(?<!n't )\b(?:{_CHOOSE})\s+(?:the\s+)?(?:option|choice|answer|letter)?\s*{_OPEN}([A-J]){_END}"
        r"(?!\s+(?:or|and)\b)"
    ),
    re.compile(
        rf"\b(?:correct|right|best|final)\s+(?:option|choice|letter)\s*(?:{_IS_CHOICE})\s*:?\s*{_OPEN}([A-Ja-j]){_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:option|choice)\s+(?:is|:)\s*{_OPEN}([A-J]){_END}", re.IGNORECASE),
    re.compile(
        rf"\b(?i:thus|therefore|hence|so|it is|it's)[,:]?\s*(?:option|choice)?\s*{_OPEN}([A-J]){_END}{_SHUT}\.?\s*"
        r"(?:\n|\Z)"
    ),
)
_IS = re.compile(
    r"(?:\b(?:is|be|are|so|thus|therefore|hence|select|choose|pick)|[:=\u2192])\s*\**\(([A-Ja-j])\)", re.IGNORECASE
)
_OPTION_LINE = re.compile(
    rf"{_OPEN}(?:(?i:option|choice)\s+)?([A-Ja-j])(?:[\s.)\]*$}}`\"'>_]{{0,8}}\Z|\**[.):]\**\s+\S.*\Z)"
)
_QUOTED = re.compile(r"['\u2018]([A-Ja-j])['\u2019]")
_DASH = re.compile(rf"\s+[-\u2013\u2014]\s+(?![A-J]{_END})")
_REJECTED = re.compile(r"(?:\bnot|n't|cannot|never)\s+(?:be\s+)?(?:option\s+|choice\s+)?\Z")
_LISTED = re.compile(r"\(([A-J])\)\s*([^()\n]{1,60}?)(?=\s*\([A-J]\)|\.?\s*(?:\n|\Z)|[.;]\s)")
_RESULT = re.compile(r"(?<![<>!=:\u2260\u2248~])\s*=\s*\$?([^=\n$]{1,40}?)\$?\.\Z")
_DOUBTED = re.compile(
    r"n't\b|\b(?:not|no|never|wrong|incorrect|if|suppose|assume|would|could|might|may|perhaps|maybe|but|instead|unless|first|"
    r"so far|next|then)\b|\?",
    re.IGNORECASE,
)
_FEWEST_LISTED = 3  # options of a list
_LONGEST_LINE = 200  # characters of an option with its text
_SEARCHED = 5_000  # characters at the end of a completion


class Choice(Verifier):
    """Correct if the chosen letter is the gold letter."""

    name = "choice"
    version = "2"

    def gold(self, problem: Problem) -> str:
        """Return the gold letter.

        Raises:
            UsageError: The gold answer is not one of A to J.
        """
        text = gold_text(problem, self.name)
        letter = _whole(text)
        if not letter:
            raise UsageError(
                f'verifier choice: problem "{problem.problem_id}" has the gold answer {text[:60]!r}, which is not a '
                "letter A to J; choose another --verifier"
            )
        return letter

    def extract(self, completion: str) -> str | None:
        """Return the chosen letter as a capital, or None if the completion chooses none."""
        return final_answer(completion, _whole, _stated, _otherwise)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Return correct if the letters are the same."""
        return Verdict("correct" if answer == self.gold(problem) else "wrong", answer)


def _whole(text: str) -> str | None:
    """Return the letter that an answer begins with; "" if it names several; None if it is no choice."""
    text = _QUOTED.sub(r"\1", text)
    found = _LETTER.match(text)
    if found is None:
        return "" if _TOGETHER.fullmatch(text) else None
    rest = text[found.end() :]
    if _FORMULA.match(rest):
        return None
    if _ANOTHER.match(rest):
        return ""
    dressed = re.search(r"[(\[{<`\"'*]", text[: found.start("letter")]) or found["shut"].strip() or not rest.strip()
    if not dressed and re.match(r"\s*[A-Za-z]", rest) and not _REASON.match(rest):
        return None  # a sentence: "A pity", "a ratio"
    return found["letter"].upper()


def _stated(text: str) -> str | None:
    found = _whole(_DASH.sub(": ", text, count=1))
    lower = re.match(rf"{_OPEN}([a-j])(?![A-Za-z0-9'])", text)
    if found and lower and not re.match(rf"{_SHUT}\s*(?:[.,;:!?)]|\Z)", text[lower.end() :]):
        return None
    if found and re.match(r"I\s+[a-z]", text):
        return None
    return found


def _otherwise(text: str) -> str | None:
    tail = text[-_SEARCHED:]
    for phrase in _PHRASES:
        if (found := last_match(phrase, tail)) and not _REJECTED.search(tail[: found.start()]):
            return found[1].upper()
    found = last_match(_IS, tail)
    if found and not re.search(r"\([A-Ja-j]\)", tail[found.end() :].partition("\n")[0]):  # else it begins a list
        return found[1].upper()
    lines = [line.strip() for line in tail.strip().splitlines()]
    options = [_option(line) for line in lines]
    for place, others in ((-1, options[-2:-1]), (0, options[1:])):
        if options and (option := options[place]) and not any(others):  # a line among options is one of a list
            return option[1].upper()
    return _computed(tail)


def _option(line: str) -> re.Match[str] | None:
    """Match a line that is a letter or one option with its text, and no list of options or steps."""
    several = len(re.findall(r"\([A-Ja-j]\)", line)) > 1
    return None if several or len(line) >= _LONGEST_LINE else _OPTION_LINE.match(line)


def _computed(text: str) -> str | None:
    """Return the letter of the option whose number a completion computes last.

    Of "(A) 10 (B) 14 (C) 18 … 2*7 = 14." it is B. The options must be numbers, listed from A on, each another one. The
    computation must end the last sentence, which has neither doubt nor condition. A text without its full stop was cut
    off, perhaps before the answer.
    """
    listed = list(_LISTED.finditer(text))
    if len(listed) < _FEWEST_LISTED or [option[1] for option in listed] != list("ABCDEFGHIJ"[: len(listed)]):
        return None
    values = [plain_value(option[2].strip(" $.,;")) for option in listed]
    last_line = text[listed[-1].end() :].rstrip().rpartition("\n")[2]
    end = _RESULT.search(last_line)
    found = plain_value(end[1].strip(" $")) if end and not _DOUBTED.search(last_line) else None
    if found is None or None in values or len(set(values)) < len(values) or found not in values:
        return None
    return listed[values.index(found)][1]
