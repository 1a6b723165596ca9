"""Versions of the libraries whose code takes part in a verdict: a new release is another verifier version."""

from importlib.metadata import PackageNotFoundError, version

from samples.errors import MissingExtra


def versioned(own: str, *distributions: str) -> str:
    """Return "1+math-verify-0.9.0+sympy-1.14.0": our own version, then each library that decides with its version.

    Raises:
        MissingExtra: One of them is not installed.
    """
    parts = [own]
    for name in distributions:
        try:
            parts.append(f"{name}-{version(name)}")
        except PackageNotFoundError as error:
            extra = "problems" if name == "reasoning-gym" else "verifiers"
            raise MissingExtra(f"this verifier needs {name}: pip install 'samples[{extra}]'") from error
    return "+".join(parts)
