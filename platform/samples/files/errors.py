"""What can be wrong with a row, and with a file. Whoever names the file adds its name."""


class BadRow(Exception):
    """What is wrong with one row. The next one can be read."""


class BadFile(Exception):
    """What ends the reading of a file. `place` is "line 3", or "" where the whole file is meant."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(what)
        self.place = place
