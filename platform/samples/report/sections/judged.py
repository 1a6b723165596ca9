"""Verdicts: how far verifiers agree, and which versions of them decided."""

from samples.report.asking import Asker
from samples.report.parts import Section, Sentence

_VERSIONS = (
    "SELECT verifier, verifier_version, run, count(*) AS samples FROM current_verdicts GROUP BY ALL "
    "ORDER BY verifier, verifier_version, run"
)


def verdicts(ask: Asker) -> Section:
    """Return the section about verifiers."""
    judges, chosen = ask.subject.judges, ask.subject.verifier
    others = [name for name in judges if name != chosen]
    said: list[Sentence] = []
    if chosen is None:
        said.append(
            Sentence("No verifier has judged these runs: samples rescore --verifier NAME adds verdicts.", "missing")
        )
    elif not others:
        said.append(
            Sentence(
                f"Only {chosen} judged these runs: samples rescore --verifier NAME lets another one judge them too.",
                "missing",
            )
        )
    return Section(
        "verdicts",
        "Verifiers",
        "Another verifier, or another version, may judge the same sample otherwise. Numbers of one verifier never mix "
        "with those of another.",
        said,
        [
            *([ask.sql(_VERSIONS, "Versions that gave the current verdicts")] if judges else []),
            *(
                ask.ask("verifier_agreement", f"How often {chosen} and {other} agree", first=chosen, second=other)
                for other in others
            ),
        ],
    )
