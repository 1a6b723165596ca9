"""Add the versions of libraries to a verifier's version: a new release of a library may change a verdict."""

from importlib.metadata import PackageNotFoundError, version

from samples.errors import MissingExtra


def version_with_libraries(own: str, *distributions: str) -> str:
    """Return "1+math-verify-0.9.0+sympy-1.14.0": our own version, then the name and version of each library.

    Raises:
        MissingExtra: One of the libraries is not installed.
    """
    parts = [own]
    for name in distributions:
        try:
            parts.append(f"{name}-{version(name)}")
        except PackageNotFoundError as error:
            extra = "problems" if name == "reasoning-gym" else "verifiers"
            raise MissingExtra(
                f"this verifier needs {name}, which is not installed: pip install 'samples[{extra}]'"
            ) from error
    return "+".join(parts)
