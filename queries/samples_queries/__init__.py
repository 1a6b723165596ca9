"""One .sql file per question an analyst asks. Each begins with a header that says what it answers."""

from importlib.resources import files

NAMES: tuple[str, ...] = tuple(
    sorted(file.name.removesuffix(".sql") for file in files(__name__).iterdir() if file.name.endswith(".sql"))
)


def text(name: str) -> str:
    """Return the SQL of a named query, header included."""
    return (files(__name__) / f"{name}.sql").read_text()
