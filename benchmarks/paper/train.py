"""Train a model on sums with TRL: REINFORCE with a leave-one-out baseline. Publish its weights every few steps.

    python benchmarks/paper/train.py PROMPTS MODEL OUT --steps 100 --every 25

OUT/step-025 and so on are model folders: the files of MODEL with other weights. A folder is there whole or not at all.
A training that was stopped goes on from its last checkpoint, with the state of the optimizer and of the random numbers,
and ends with the same weights as one that was never stopped. OUT/training.jsonl has a line for each step.

The reward is 1 where the verifier `numeric` of Samples finds the completion correct, else 0. A step draws 8 completions
of each of 8 prompts. The baseline of a completion is the mean reward of the seven others of its prompt.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import datasets
from transformers import PrinterCallback, TrainerCallback
from transformers.trainer_utils import get_last_checkpoint
from trl.trainer.rloo_config import RLOOConfig
from trl.trainer.rloo_trainer import RLOOTrainer

from samples.problems.problems import Problem
from samples.verifiers import verifier

PROMPTS = COMPLETIONS = 8
SUFFIX = "Answer with only the final answer."  # as in study.sh
SAVED = 5  # steps between checkpoints: what a stop can cost
_JUDGE = verifier("numeric")


def rewards(completions: list[list[dict[str, str]]], answer: list[str], **_: Any) -> list[float]:
    """Return 1 for each completion that the verifier finds correct, else 0."""
    return [_reward(messages[-1]["content"], gold) for messages, gold in zip(completions, answer, strict=True)]


def _reward(completion: str, gold: str) -> float:
    found = _JUDGE.extract(completion)
    problem = Problem("training", None, gold, None, {})
    return float(found is not None and _JUDGE.compare(problem, found).status == "correct")


class Publisher(TrainerCallback):
    """Publishes the weights, and says what a step gave."""

    def __init__(self, model: Path, out: Path, every: int) -> None:
        self._model, self._out, self._every = model, out, every

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Publish the weights every few steps, as a model folder."""
        del args, control
        folder = self._out / f"step-{state.global_step:03d}"
        if state.global_step % self._every or folder.exists():
            return
        building = self._out / f".{folder.name}"
        shutil.rmtree(building, ignore_errors=True)
        kwargs["model"].save_pretrained(building)
        # All files but the weights are those of the model that was trained: template, tokenizer, end tokens.
        shutil.copytree(self._model, building, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
        building.rename(folder)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Print the reward of a step."""
        del args, control, kwargs
        if logs and "reward" in logs:
            print(
                f"step {state.global_step} of {state.max_steps}: mean reward {float(logs['reward']):.2f}, "
                f"{float(logs['step_time']):.0f} s",
                flush=True,
            )


def checkpoint(folder: Path) -> str | None:
    """Return the last whole checkpoint. One that was being written when the training stopped is removed."""
    while (found := get_last_checkpoint(str(folder)) if folder.is_dir() else None) is not None:
        if (Path(found) / "trainer_state.json").is_file():  # it is written last
            return found
        shutil.rmtree(found)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a model on sums.")
    parser.add_argument("prompts", type=Path, help="JSON lines with question and answer")
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--every", type=int, required=True, help="publish the weights after so many steps")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.steps % given.every:
        parser.error(f"--steps {given.steps} is no multiple of --every {given.every}")
    rows = [json.loads(line) for line in given.prompts.read_text().splitlines()]
    asked = [
        {"prompt": [{"role": "user", "content": f"{row['question']}\n{SUFFIX}"}], "answer": row["answer"]}
        for row in rows
    ]
    given.out.mkdir(parents=True, exist_ok=True)
    working = given.out / "working"
    trainer = RLOOTrainer(
        model=str(given.model),
        reward_funcs=rewards,  # pyright: ignore[reportArgumentType]  # it names no keywords
        train_dataset=datasets.Dataset.from_list(asked),
        callbacks=[Publisher(given.model, given.out, given.every)],
        args=RLOOConfig(
            output_dir=str(working),
            max_steps=given.steps,
            seed=given.seed,
            per_device_train_batch_size=PROMPTS * COMPLETIONS,
            num_generations=COMPLETIONS,
            max_completion_length=10,
            temperature=1.0,
            beta=0.0,  # no penalty for leaving the base
            learning_rate=4e-6,
            lr_scheduler_type="constant",
            weight_decay=0.0,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            model_init_kwargs={"dtype": "float32"},
            save_steps=SAVED,
            save_total_limit=1,
            logging_steps=1,
            report_to="none",
            disable_tqdm=True,
        ),
    )
    trainer.remove_callback(PrinterCallback)  # it prints thirty numbers a step
    try:
        trainer.train(resume_from_checkpoint=checkpoint(working))
    except KeyboardInterrupt:
        raise SystemExit(f"stopped; the same command goes on from the last of every {SAVED} steps") from None
    lines = [json.dumps(entry) for entry in trainer.state.log_history if "reward" in entry]
    (given.out / "training.jsonl").write_text("\n".join(lines) + "\n")
    shutil.rmtree(working)


if __name__ == "__main__":
    main()
