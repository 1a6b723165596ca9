"""Decide the dtype that a model computes in. It never depends on the machine.

"auto" is the dtype that the checkpoint was saved in: what its config.json says, or else the dtype of most bytes of its
safetensors. A run's identity holds the result, and every replica's engine is told it.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from samples.errors import ModelError

DTYPES = ("float32", "bfloat16", "float16", "float64")
_OTHER_NAMES = {"float": "float32", "half": "float16", "double": "float64"} | {
    "fp32": "float32",
    "bf16": "bfloat16",
    "fp16": "float16",
}
_IN_SAFETENSORS = {"F32": "float32", "BF16": "bfloat16", "F16": "float16", "F64": "float64"}
_CONFIGS = ("text_config", "llm_config", "language_config")  # where models of several kinds of input say it
_LONGEST_HEADER = 100 << 20  # bytes: the format's own limit


def dtype_used(model: str, revision: str | None, dtype: str) -> str:
    """Return the name of the dtype that `dtype` means for this model: one of DTYPES.

    `model` is a folder or a name on the Hugging Face Hub.

    Raises:
        ModelError: `dtype` is not known, or it is "auto" and the checkpoint does not say its own.
    """
    if dtype != "auto":
        name = _name(dtype)
        if name is None:
            raise ModelError(f'dtype "{dtype}" is not known: use auto, float32, bfloat16 or float16')
        return name
    folder = Path(model).expanduser()
    if not folder.is_dir():
        from huggingface_hub import hf_hub_download

        folder = Path(hf_hub_download(model, "config.json", revision=revision)).parent
    own = _of_config(folder / "config.json") or _most_bytes(_tensors_of_files(folder))
    if own is None and not Path(model).expanduser().is_dir():
        own = _most_bytes(_tensors_on_hub(model, revision))
    if own is None:
        raise ModelError(
            f'model "{model}": neither its config.json nor a safetensors file says its dtype; choose one with --dtype: '
            "float32, bfloat16 or float16"
        )
    return own


def _name(dtype: Any) -> str | None:
    text = str(dtype).removeprefix("torch.").lower()
    text = _OTHER_NAMES.get(text, text)
    return text if text in DTYPES else None


def _of_config(file: Path) -> str | None:
    try:
        config = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict):
        return None
    parts: list[Any] = [config, *(config.get(name) for name in _CONFIGS)]
    said = (part.get(key) for part in parts if isinstance(part, dict) for key in ("dtype", "torch_dtype"))
    return next((name for value in said if value is not None and (name := _name(value))), None)


def _most_bytes(tensors: Iterable[tuple[str, int]]) -> str | None:
    """Return the dtype that holds most bytes. Quantised weights do not count: nothing is computed in their type."""
    held: Counter[str] = Counter()
    for kind, size in tensors:
        if kind in _IN_SAFETENSORS:
            held[_IN_SAFETENSORS[kind]] += size
    return min(held, key=lambda name: (-held[name], DTYPES.index(name))) if held else None


def _tensors_of_files(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the dtype and size in bytes of every tensor of a folder's safetensors files."""
    for file in sorted(folder.glob("*.safetensors")):
        for about in _header(file).values():
            if isinstance(about, dict) and "dtype" in about:
                begin, end = about["data_offsets"]
                yield about["dtype"], end - begin


def _header(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            return json.loads(stream.read(min(length, _LONGEST_HEADER)))
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(f"{file}: is not a complete safetensors file: {error}") from error


def _tensors_on_hub(model: str, revision: str | None) -> Iterator[tuple[str, int]]:
    from huggingface_hub import get_safetensors_metadata

    try:
        found = get_safetensors_metadata(model, revision=revision)
    except Exception:  # noqa: BLE001 - no safetensors, or no network: the caller says what to do
        return
    for file in found.files_metadata.values():
        for tensor in file.tensors.values():
            yield tensor.dtype, tensor.data_offsets[1] - tensor.data_offsets[0]
