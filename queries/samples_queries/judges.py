"""Say how missing verdicts are added: by a command, where this program has the verifier. No query.

Verdicts of any other name came with a file, or are of a user's own function, of which the lake does not know the file.
"""

from collections.abc import Sequence
from shlex import quote

VERIFIERS = ("exact", "numeric", "choice", "boxed-exact", "math", "paper-math", "code", "reasoning-gym")


def adding(verifier: str, runs: Sequence[str], shown: int | None = None) -> str:
    """Return what adds verdicts of a verifier to runs, of which so many are `shown`; None shows all."""
    named = " ".join(f"--run {quote(run)}" for run in runs[:shown]) + " …" * (len(runs) > len(runs[:shown]))
    if verifier in VERIFIERS:
        return f"samples rescore --verifier {verifier} {named}"
    return (
        f"import a file that has its verdicts (this program has no verifier {verifier}), or judge with your own "
        f"function of this name: samples rescore --verifier {quote(f'FILE.py:{verifier}')} {named}"
    )
