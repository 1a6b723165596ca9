r"""Find where a completion states its answer: "the answer is …", "Answer: …", `#### …`, <answer>…</answer>, JSON.

Statements are known in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Vietnamese,
Russian, Chinese, Japanese and Korean. A statement ends with its sentence or line.
"""

import json
import re
from collections.abc import Iterator

_TAGS = re.compile(r"<(answer|final_answer|final|solution|result)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```(?:json)?\s*(\{.*?\})\s*```", re.DOTALL)
_MARK = re.compile(r"^[ \t]*####[ \t]*(.*\S)[ \t]*$", re.MULTILINE)
_NEXT = re.compile(r"\n\s*(?:Question|Problem|Q|Input|Exercise|Human|User)\s*\d*\s*:", re.IGNORECASE)
_HEADING = re.compile(r"[A-Za-z]{4}|\d+[.)]\s+\D")
_IS = "is|are|was|equals|becomes|(?:would|should|must|will|can only|has to|seems to|appears to|turns out to) be"
_STARS = r"\s*(?:\*\*|__)?\s*"
_ENGLISH = (
    r"\b(?:answers?|ans|solution)(?: (?:to|for|of) [^.:=\n]{1,80}?)?"
    rf"(?:{_STARS}\s(?:{_IS})\b{_STARS}[:=]?|{_STARS}[:=])|^\W*(?:final )?answer\W*\n"
)
_WITH_COMMAS = {  # languages that write 3,5 for 3.5: what is stated, and how
    r"Antwort|Lösung|Ergebnis": "ist|lautet|beträgt",
    r"(?:réponse|respuesta|risposta|resposta)(?: (?:finale?|correct[ae]|correta|esatta))?": "est|es|è|é",
    r"antwoord|odpowiedź|cevap|đáp án|đáp số|jawaban": "is|to|là|adalah",
    r"ответ": "равен|[—-]",
}
_SAID_WITH_COMMAS = "|".join(
    rf"\b(?:{what}){_STARS}(?:(?:{how})(?!\w){_STARS}:?|:)" for what, how in _WITH_COMMAS.items()
)
_EAST_ASIAN = r"(?:答案|答え|答|정답|답)\s*(?:\*\*)?\s*(?:应该是|應該是|是|为|為|は|은|는|应为)?\s*[:\uff1a]?"
_SAID = re.compile(f"{_ENGLISH}|(?P<commas>{_SAID_WITH_COMMAS})|{_EAST_ASIAN}", re.IGNORECASE | re.MULTILINE)
_SENTENCE = re.compile(r"\n|[!?。](?=\s|\Z|\D)|\.(?=\s|\Z|\*|\$|\))|\.(?=[A-Z][a-z])")
_AFTERTHOUGHT = re.compile(
    r"[,;]?\s+(?:because|since|which|where\b|so\b|as\s|and not|not\s|but\s|rather than|instead|given|by\s)"
    r"|\s+\((?=[A-Za-z]{2})|\s+[\u2014\u2013]\s|,\s+(?:not|as|and so|therefore|thus)\s"
    r"|(?:です|である|입니다|이다)"
)
_LONGEST = 2_000  # characters of a statement
_SEARCHED = 50_000  # characters at the end of a completion


def tagged(text: str) -> str | None:
    """Return what the last answer tag holds. A tag that is not closed holds the rest."""
    if "<" not in text:
        return None
    found = None
    for match in _TAGS.finditer(text):
        found = match[2].strip() or found
    return found


def in_json(text: str) -> str | None:
    """Return the field "answer" of a JSON object that is the whole text, or its last fenced block."""
    if '"' not in text:
        return None
    whole = text.strip()
    blocks = [whole] if whole.startswith("{") and whole.endswith("}") else _FENCE.findall(text)
    for block in reversed(blocks):
        try:
            found = json.loads(block.replace("\\", "\\\\") if re.search(r"(?<!\\)\\[A-Za-z]", block) else block)
        except (ValueError, RecursionError):
            continue
        for name in ("final_answer", "answer", "Answer", "result", "solution", "choice"):
            value = found.get(name) if isinstance(found, dict) else None
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value).strip() or None
    return None


def marked(text: str) -> str | None:
    """Return what stands behind the last #### before the model goes on to a question of its own."""
    if "####" not in text:
        return None
    first = _MARK.search(text)
    if first and (following := _NEXT.search(text, first.end())):
        text = text[: following.start()]
    found = [match[1].strip("# *") for match in _MARK.finditer(text)]
    values = [value for value in found if value and not _HEADING.match(value)]
    return values[-1] if values else None


def stated(text: str) -> Iterator[str]:
    """Return the statements of an answer, the last one first, each to the end of its sentence."""
    tail = text[-_SEARCHED:]
    for match in reversed(list(_SAID.finditer(tail))):
        after = tail[match.end() : match.end() + _LONGEST].lstrip(" \n\t:*=\uff1a")
        found = _afterthought(_first_sentence(after)).strip(" \t*:\u3002\uff1a")
        if found:
            yield _point(found) if match["commas"] else found


def _first_sentence(text: str) -> str:
    r"""Return a text to the end of its first sentence. A line break inside of \[ \] or $$ is none."""
    display = re.match(r"\s*(\\\[.*?\\\]|\$\$.*?\$\$)", text, re.DOTALL)
    start = display.end() if display else 0
    end = _SENTENCE.search(text, start)
    return text[: end.start()] if end else text


def _afterthought(text: str) -> str:
    found = _AFTERTHOUGHT.search(text)
    return text[: found.start()] if found and found.start() else text


def _point(text: str) -> str:
    """Write a decimal comma as a point."""
    return re.sub(r"(?<![\d.,])(\d+),(\d{1,2}|\d{4,})(?![\d,.])", r"\1.\2", text)
