"""Refuse rows with images. No engine here shows a model an image, and a question without its image is another one."""

from collections.abc import Mapping
from typing import Any

from samples.errors import ProblemsError
from samples.problems.answers import is_missing
from samples.problems.fields import plain

_NAMES = ("image", "images", "decoded_image", "image_url", "image_urls", "image_path", "image_paths", "img", "imgs")
_NUMBERED = ("image_", "decoded_image_")  # then a number: MMMU
_PARTS = ("image", "image_url", "input_image")  # types of parts of a message
_BYTES = {"bytes", "path"}  # the fields of an image in Parquet, as datasets writes it


def refuse_images(place: str, row: Mapping[str, Any]) -> None:
    """Check that no field of a row holds an image. An empty field may have any name.

    Raises:
        ProblemsError: One does. The message names it.
    """
    for field, value in row.items():
        if (_named(plain(field)) and _holds_something(value)) or _is_image(value):
            raise ProblemsError(
                f'{place}: the field "{field}" holds an image; questions with images cannot be asked yet: take such '
                "rows out of the file, or the field if the question does not need it"
            )


def _named(name: str) -> bool:
    return name in _NAMES or any(name.startswith(begin) and name.removeprefix(begin).isdigit() for begin in _NUMBERED)


def _holds_something(value: Any) -> bool:
    """Return whether a field named after images holds one: not a number or a flag, and not a list of nothing."""
    if isinstance(value, list):
        return any(_holds_something(item) for item in value)
    if isinstance(value, dict):
        return any(_holds_something(item) for item in value.values())
    return not is_missing(value) and not isinstance(value, bool | int | float)


def _is_image(value: Any) -> bool:
    """Return whether a value is or holds an image, whatever its field is called."""
    if isinstance(value, list):
        return any(_is_image(item) for item in value)
    if isinstance(value, dict):
        if value.keys() == _BYTES and not all(is_missing(item) for item in value.values()):
            return True
        return value.get("type") in _PARTS or any(_is_image(item) for item in value.values())
    return isinstance(value, str) and value.startswith("data:image/")
