"""What is to be changed about a run -> the command that does it, as it can be typed."""

import shlex
from collections.abc import Mapping
from typing import Any

from tunesmith.report.record import RunRecord


def again_with(record: RunRecord, **settings: object) -> str:
    """The run once more, with other settings; `training__epochs` is training.epochs."""
    words = ["tunesmith", "run", record.recipe_file]
    for name, value in settings.items():
        words += ["--set", f"{name.replace('__', '.')}={value}"]
    return shlex.join(words)


def command(*words: str) -> str:
    """A command of ours."""
    return shlex.join(["tunesmith", *words])


def measure_more_rows(record: RunRecord) -> str:
    """What tells whether more rows would help, before they are written."""
    return command("curve", record.recipe_file)


def more_rows(name: str) -> str:
    """The lines of a recipe that read a file of rows yet to be written."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return f"sources:\n- path: more-{kept[:40] or 'rows'}.jsonl"


def longer(record: RunRecord, factor: float) -> str:
    """The run once more, so many times as long."""
    training: Mapping[str, Any] = record.recipe.get("training", {})
    points = record.points("train")
    steps, epochs = points[-1].step, points[-1].epoch
    if training.get("steps") is not None or epochs is None:
        return again_with(record, training__steps=max(1, round(steps * factor)))
    return again_with(record, training__epochs=_rounded(epochs * factor))


def at_rate(record: RunRecord, factor: float) -> str:
    """The run once more, at so many times its highest learning rate."""
    return again_with(record, training__learning_rate=f"{highest_rate(record) * factor:.2g}")


def highest_rate(record: RunRecord) -> float:
    """The highest learning rate that was used; the recipe's where the log has none."""
    used = [point.learning_rate or 0.0 for point in record.points("train")]
    written = record.recipe.get("training", {}).get("learning_rate")
    return max(used, default=0.0) or (written if isinstance(written, float) else 5e-5)


def _rounded(epochs: float) -> float | int:
    """Whole passes where there are several."""
    return max(1, round(epochs)) if epochs >= 1 else round(epochs, 2)
