"""The page of verifiers: what `samples verifiers NAME` prints of each, without the versions of this machine."""

import re
from collections import Counter

from markup import anchor, inert, page, prose, table
from samples.verifiers.guide import guide, listing

_ABOUT = """`samples rescore --verifier NAME` judges stored samples. `samples verifiers NAME` prints what this page
tells, with the version that is installed. Your own function is a verifier too: `samples rescore --verifier
FILE.py:FUNCTION`. [CONTRIBUTING.md](../../CONTRIBUTING.md#a-verifier) says how a verifier becomes part of Samples."""


def written() -> dict[str, str]:
    """Return the page by its path."""
    rows = listing()
    told = {row["verifier"]: _paragraphs(row["verifier"]) for row in rows}
    times = Counter(paragraph for paragraphs in told.values() for paragraph in paragraphs)
    shared = [paragraph for paragraph, count in times.items() if count > 1]  # the rule that several follow
    listed = [(f"[{row['verifier']}](#{anchor(row['verifier'])})", inert(row["correct_when"])) for row in rows]
    parts = [_ABOUT, table(["verifier", "a completion is correct if"], listed)]
    for row in rows:
        own = [prose(paragraph) for paragraph in told[row["verifier"]] if paragraph not in shared]
        parts += [f"## {row['verifier']}", f"Correct if {inert(row['correct_when'])}.", *own]
    parts += ["## How a final answer is found", *map(prose, shared)]
    return {"verifiers.md": page("Verifiers", *parts)}


def _paragraphs(name: str) -> list[str]:
    """Return the paragraphs of a verifier's page. Its version is that of this machine, and is left out."""
    _, told = guide(name)
    told = re.sub(r"^- version: .*\n?", "", told, flags=re.MULTILINE)
    return [paragraph.strip("\n") for paragraph in re.split(r"\n{2,}", told)]
