"""One .sql file per question an analyst asks. Each begins with a header that says what it answers."""

from importlib.resources import files

NAMES: tuple[str, ...] = tuple(
    sorted(file.name.removesuffix(".sql") for file in files(__name__).iterdir() if file.name.endswith(".sql"))
)


def parameters(name: str) -> tuple[str, ...]:
    """Return the names of a query's parameters, as its header says."""
    _, said = next(line.split("params", 1) for line in text(name).splitlines() if line.startswith("-- params"))
    return tuple(word.strip().removeprefix("$") for word in said.split(",") if word.strip())


def text(name: str) -> str:
    """Return the SQL of a named query, header included."""
    return (files(__name__) / f"{name}.sql").read_text()
