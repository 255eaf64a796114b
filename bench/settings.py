"""Settings that `auto` finds against a grid of 24: the validation loss reached, and its price.

    python -m bench.settings RESULTS.jsonl [--cases NAME ...] [--data FOLDER] [--no-auto]

A case is a model, some rows and a method. It is trained with six learning rates, two sizes of a
step and two lengths, each keeping its best weights, and once with everything `auto`. Each training
is a line of RESULTS and is not done again; the table that is printed is made of the lines:
the loss of `auto` over the grid's best, and the price of the search as a share of its training,
in tokens (a validated one counts a third) of the training that was planned, and in seconds of the
one that was done, which may have stopped early. Cases of third-party rows need DATA.
"""

import argparse
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

import tunesmith
from bench.measuring.models import SHAPES
from tunesmith.errors import DivergedError
from tunesmith.files import read_json, read_json_lines, write_json_lines
from tunesmith.models.load import STARTER_FOLDER
from tunesmith.training.engine import seed_everything

_MATERIAL = STARTER_FOLDER.parent / "material" / "train.jsonl"
_FULL = (2e-5, 6e-5, 2e-4, 6e-4, 2e-3, 6e-3)
_LORA = (1e-4, 4e-4, 1.5e-3, 5e-3, 1.5e-2, 5e-2)
_SHAPES: dict[str, dict[str, Any]] = {
    "pythia": SHAPES["pythia-70m"],
    "gpt2": {"model_type": "gpt2", "vocab_size": 50257, "n_embd": 768, "n_layer": 12, "n_head": 12},
}
_TOKENIZERS = {"pythia": "tokenizers/pythia_gpt_neox", "gpt2": "tokenizers/gpt2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is tuned, on what.

    Attributes:
        rows: To train on.
        model: The starter, or a shape whose weights are drawn.
        file: Under the data folder; None is the starter's material.
        is_lora: An adapter, or all weights.
        letters: Longer rows are left out, so that a grid ends.
        held_out: Rows to validate on.
        batches: Examples of a step.
        lengths: Epochs.
    """

    rows: int
    model: str = "starter"
    file: str | None = None
    is_lora: bool = False
    letters: int = 450
    held_out: int = 96
    batches: tuple[int, int] = (4, 16)
    lengths: tuple[int, int] = (2, 6)

    def grid(self) -> Iterator[dict[str, Any]]:
        """The 24 settings."""
        rates = _LORA if self.is_lora else _FULL
        for rate, batch, epochs in itertools.product(rates, self.batches, self.lengths):
            yield {"learning_rate": rate, "examples_per_step": batch, "epochs": epochs}


_LAMINI, _RASCHKA = "qa/lamini_docs_dev.jsonl", "instruct/raschka_instruction_dev.json"
_SMALL: dict[str, Any] = {"letters": 120, "held_out": 16, "lengths": (2, 5)}
CASES = {
    "starter 30": Case(rows=30, lengths=(3, 10)),
    "starter 100": Case(rows=100),
    "starter 300": Case(rows=300),
    "starter 1200": Case(rows=1200, lengths=(1, 3)),
    "starter 30 lora": Case(rows=30, is_lora=True, lengths=(3, 10)),
    "starter 100 lora": Case(rows=100, is_lora=True),
    "starter 300 lora": Case(rows=300, is_lora=True),
    "lamini 100": Case(rows=100, file=_LAMINI),
    "lamini 100 lora": Case(rows=100, file=_LAMINI, is_lora=True),
    "raschka 200": Case(rows=200, file=_RASCHKA, letters=250),
    "raschka 200 lora": Case(rows=200, file=_RASCHKA, letters=250, is_lora=True),
    "faq ripgrep": Case(rows=24, file="faq/ripgrep_FAQ.md", letters=2400, held_out=6),
    "faq googletest": Case(rows=24, file="faq/googletest_faq.md", letters=2400, held_out=8),
    "pythia": Case(rows=24, model="pythia", file=_RASCHKA, **_SMALL),
    "gpt2 lora": Case(rows=16, model="gpt2", file=_RASCHKA, is_lora=True, **_SMALL),
    "gpt2": Case(rows=16, model="gpt2", file=_RASCHKA, **_SMALL),
}


def main() -> None:
    """Do what is not done yet, and print the table."""
    options = _options()
    for name in options.cases:
        case = CASES[name]
        if options.data is None and (case.file or case.model != "starter"):
            print(f"{name}: not measured, no --data")
            continue
        _measure(name, case, options)
    print(table(_lines(options.results)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--auto", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--grid", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


def _measure(name: str, case: Case, options: argparse.Namespace) -> None:
    wanted: list[dict[str, Any]] = [{}] if options.auto else []
    wanted += case.grid() if options.grid else ()
    done = [line["setting"] for line in _lines(options.results) if line["case"] == name]
    with tempfile.TemporaryDirectory() as scratch:
        recipe = None
        for setting in wanted:
            if setting in done:
                continue
            recipe = recipe or _recipe(case, Path(scratch), options.data)
            line = {"case": name, "setting": setting, **_train(recipe, setting, Path(scratch))}
            with options.results.open("a") as stream:
                stream.write(json.dumps(line) + "\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    return list(read_json_lines(path)) if path.is_file() else []


def _recipe(case: Case, scratch: Path, data: Path | None) -> dict[str, Any]:
    """The case's recipe, over files in the scratch folder."""
    source = _MATERIAL if case.file is None else Path(data or "") / case.file
    whole = scratch / "whole.jsonl"
    tunesmith.import_sources([source], whole)
    found = [row for row in read_json_lines(whole) if _letters(row) <= case.letters]
    held_out, rows = found[: case.held_out], found[case.held_out :][: case.rows]
    write_json_lines(scratch / "train.jsonl", rows)
    write_json_lines(scratch / "validation.jsonl", held_out)
    return {
        "model": {"name": _model(case.model, scratch, data)},
        "sources": [
            {"path": str(scratch / "train.jsonl"), "use_as": "train"},
            {"path": str(scratch / "validation.jsonl"), "use_as": "validation"},
        ],
        "examples": {
            "split": {"validation": 0.0, "test": 0.0},
            "redact": [],
            "drop_near_duplicates": None,
        },
        "template": {"name": "alpaca"},
        "training": {
            "precision": "fp32",
            "device": "cpu",
            "method": "lora" if case.is_lora else "full",
        },
    }


def _letters(row: dict[str, Any]) -> int:
    return sum(len(row.get(name) or "") for name in ("instruction", "input", "response"))


def _model(name: str, scratch: Path, data: Path | None) -> str:
    """The starter, or a folder with a model whose weights are drawn."""
    if name == "starter":
        return name
    shape = _SHAPES[name]
    seed_everything(0, 0)
    config = AutoConfig.for_model(**shape)
    AutoModelForCausalLM.from_config(config).save_pretrained(scratch / name)
    tokenizer = AutoTokenizer.from_pretrained(Path(data or "") / _TOKENIZERS[name])
    tokenizer.save_pretrained(scratch / name)
    return str(scratch / name)


def _train(recipe: dict[str, Any], setting: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """One training from its beginning: the best validation loss, tokens read, seconds."""
    recipe = {**recipe, "training": {**recipe["training"], **setting}}
    folder = scratch / "run"  # prepared once
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    watch = SearchWatch()
    run = tunesmith.open_run(recipe, folder=folder, progress=watch)
    began = time.monotonic()
    try:
        trained = tunesmith.train(run)
    except DivergedError as error:
        return {"loss": None, "error": str(error)}
    whole = time.monotonic() - began - watch.seconds
    log = list(read_json_lines(run.folder.log))
    curve = [(line["step"], line["loss"]) for line in log if line["split"] == "validation"]
    found = read_json(run.folder.settings) if run.folder.settings.is_file() else None
    return {
        "found": found,
        "loss": min(loss for step, loss in curve if step),
        "tokens": log[-1]["tokens_seen"],
        "seconds": trained.seconds,
        "share_seconds": round(watch.seconds / whole, 4),
        "curve": curve,
    }


class SearchWatch(tunesmith.SilentProgress):
    """Seconds between the first trial and the last: what the search adds to a training."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._started: float | None = None

    def start(self, task: str, total: int | None) -> None:
        """Remember when trials begin."""
        self._started = time.monotonic() if task == "trying learning rates" else None

    def close(self) -> None:
        """Add up, when they end."""
        if self._started is not None:
            self.seconds += time.monotonic() - self._started
            self._started = None


def table(lines: list[dict[str, Any]]) -> str:
    """What came of each case: complete ones first, then how many of their settings are done."""
    told = [f"{'case':<18} {'grid':>5} {'best':>8} {'auto':>8} {'ratio':>6} {'price':>12}  found"]
    for name in dict.fromkeys(line["case"] for line in lines):
        ours = [line for line in lines if line["case"] == name and not line["setting"]]
        grid = [line for line in lines if line["case"] == name and line["setting"]]
        losses = [line["loss"] for line in grid if line["loss"] is not None]
        best = min(losses, default=float("nan"))
        told += [_row(name, f"{len(grid)}/24", best, line) for line in ours[-1:]]
    return "\n".join(told)


def _row(name: str, done: str, best: float, line: dict[str, Any]) -> str:
    found = line["found"]
    numbers = (found["learning_rate"], found["examples_per_step"], found["epochs"])
    rate, batch, epochs = numbers
    seconds = line.get("share_seconds", float("nan"))
    price = f"{found['share']:.3f} {seconds:.3f}"
    ratio = line["loss"] / best
    return (
        f"{name:<18} {done:>5} {best:8.4f} {line['loss']:8.4f} {ratio:6.3f} {price:>12}  "
        f"{rate:g} x {batch} x {epochs:g}"
    )


if __name__ == "__main__":
    main()
