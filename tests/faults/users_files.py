"""A working directory, and beside it a folder of a user's files with the names that we use."""

import hashlib
from pathlib import Path

from tests.stages.rig import colour_rows, write_rows
from tunesmith.files import RUN_MARKER as MARKER

OURS = (
    "data/train.jsonl",
    "data/validation.jsonl",
    "data/test.jsonl",
    "data/dropped.jsonl",
    "data/summary.json",
    "data/teacher-0.jsonl",
    "recipe.yaml",
    "environment.json",
    "manifest.json",
    "study.json",
    "calls.sqlite",
    "splits.jsonl",
    "tokens/x.arrow",
    "tokens/train-0123456789ab.arrow",
    "log.jsonl",
    "checkpoints/step-000001/state.json",
    "checkpoints/.tmp-mine/a",
    "model/config.json",
    ".tmp-model/a",
    ".trash-model/a",
    "scores.json",
    "completions/base.jsonl",
    "completions/.base-0123456789ab.jsonl",
    "grades/loss.jsonl",
    "judgements/trust.jsonl",
    "report.html",
    "report.md",
    "curves.svg",
    ".lock",
    "tunesmith.json",
    MARKER,
    "examples.jsonl",
    "new.dropped.jsonl",
    "new.partial.jsonl",
    "new.before.jsonl",
)
MINE = '{"instruction": "Mine?", "response": "Yes, %s."}\n'
RECIPE = """\
model: {name: tiny}
sources: [{path: rows.jsonl}]
examples: {split: {validation: 0.0, test: 0.2}}
template: {name: question-answer}
training: {steps: 1, device: cpu, precision: fp32}
generation: {max_new_tokens: 2}
"""


def fill(work: Path, mine: Path, model: Path) -> None:
    """Write a recipe for a model and its rows into one folder, a user's files into the other."""
    write_rows(work / "rows.jsonl", colour_rows(20))
    (work / "recipe.yaml").write_text(RECIPE)
    (work / "tiny").symlink_to(model)
    for name in OURS:
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text(MINE % name)


def contents(folder: Path) -> dict[str, str]:
    """The hash of each file below a folder, links not followed."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
