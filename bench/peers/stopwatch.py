"""A job -> when each of its steps ended, and what a step read; the same for every peer.

torch calls a hook after every optimiser's step, whoever wrote the loop, so that one clock
serves all peers and none needs changing. Runs in a peer's own environment: torch and the
standard library only.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

Row = dict[str, list[int]]
IGNORED = -100


@dataclass(frozen=True)
class Job:
    """What a peer is asked to do; see `measuring/training.py`, which writes it.

    Attributes:
        model: Folder of the base model.
        rows: Rows in the order in which they are to be trained.
        steps: Updates to make.
        examples_per_step: Rows an update learns from.
        variant: Which of the peer's settings.
        learning_rate: Constant.
        scratch: A folder of its own.
        save: Where the trained model goes, or None.
    """

    model: str
    rows: list[Row]
    steps: int
    examples_per_step: int
    variant: str
    learning_rate: float
    scratch: Path
    save: str | None


def read_job() -> Job:
    """The job that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    record = json.loads(parser.parse_args().job.read_text(encoding="utf-8"))
    wanted = record["steps"] * record["examples_per_step"]
    lines = Path(record.pop("rows")).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[:wanted]]
    scratch = Path(record.pop("scratch"))
    return Job(rows=[_labelled(row) for row in rows], scratch=scratch, **record)


def _labelled(row: Row) -> Row:
    pairs = zip(row["ids"], row["is_trained"], strict=True)
    labels = [token if is_trained else IGNORED for token, is_trained in pairs]
    labels[0] = IGNORED  # nothing precedes a first token, so that nothing predicts it
    return {"input_ids": row["ids"], "labels": labels}


@dataclass
class Stopwatch:
    """Times and counts of one training; `report` prints them for the harness."""

    job: Job
    ends: list[float] = field(default_factory=list)
    first_step_seconds: float = 0.0
    trained_tokens: list[int] = field(default_factory=list)
    examples: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Note the end of every optimiser's step from now on."""
        register_optimizer_step_post_hook(lambda *_: self._note())

    def counting(self, collate: Callable[..., Any]) -> Callable[..., Any]:
        """The same collator, which also counts what goes into each batch."""

        def collate_and_count(rows: list[Any]) -> Any:
            batch = collate(rows)
            packed = [row.get("seq_lengths") for row in rows]
            num_examples = sum(len(lengths) if lengths else 1 for lengths in packed)
            self.count(batch["labels"], num_examples=num_examples)
            return batch

        return collate_and_count

    def count(self, labels: torch.Tensor, *, num_examples: int) -> None:
        """Note what one batch holds; labels are (B, T)."""
        self.trained_tokens.append(int((labels[:, 1:] != IGNORED).sum()))
        self.examples.append(num_examples)

    def report(self, losses: list[float], **more: Any) -> None:
        """Print one line of JSON, the last of the output."""
        seconds = [end - start for start, end in zip(self.ends, self.ends[1:], strict=False)]
        steps = len(self.ends)
        result = {
            "seconds": [None, *seconds],
            "first_step_seconds": self.first_step_seconds,
            "examples": self.examples[:steps],
            "trained_tokens": self.trained_tokens[:steps],
            "losses": losses,
            "threads": torch.get_num_threads(),
            **more,
        }
        print(json.dumps(result), flush=True)

    def _note(self) -> None:
        self.ends.append(time.perf_counter())
        if len(self.ends) == 1:
            self.first_step_seconds = seconds_since_start()


def seconds_since_start() -> float:
    """How long this process has been running; counted from its start, not from its imports."""
    ticks = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    booted = time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted - int(ticks) / os.sysconf("SC_CLK_TCK")
