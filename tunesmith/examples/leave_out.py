"""`examples.leave_out`: a file of examples that a person took out -> their ids, each with why.

A line is `{"id", "source", "why"}`, as `tunesmith next` writes it; other keys are for people.
Where a source is named, the same words from elsewhere stay: a correction may say what its row said.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError, MissingError
from tunesmith.examples.example import Example, drop_example
from tunesmith.language.translate import translate
from tunesmith.line_log import read_lines
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.sources.row import Dropped, RowError

LEFT_OUT = "left out by hand"  # the reason that counts it


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOut:
    """Why an example is left out, and where it has to come from; None: from wherever."""

    why: str
    source: str | None = None


def read_leave_out(path: str | None, folder: Path) -> Mapping[str, TakenOut]:
    """What is left out, by its id; nothing where no file is named.

    Args:
        path: Of the recipe, relative to its folder.
        folder: The recipe's.

    Raises:
        MissingError: There is no such file.
        DataError: A line is none of ours.
    """
    if path is None:
        return {}
    file = folder / Path(path).expanduser()
    if not file.is_file():
        cure = "Restore it, or take examples.leave_out out of the recipe."
        raise MissingError("no such file", where=f"examples.leave_out {file}", cure=cure)
    found: dict[str, TakenOut] = {}
    for number, line in enumerate(read_lines(file), start=1):
        if line is None or not isinstance(line.get("id"), str):
            cure = 'Write {"id": "...", "why": "..."} a line, with ids of data/train.jsonl.'
            raise DataError("no line with an id", where=f"{file}:{number}", cure=cure)
        why, source = line.get("why") or "the recipe names its id", line.get("source")
        found[line["id"]] = TakenOut(why=str(why), source=None if source is None else str(source))
    return found


def taken_out(example: Example, leave_out: Mapping[str, TakenOut]) -> Dropped | None:
    """What is said of an example that a person took out; None where nobody did."""
    found = leave_out.get(example.id)
    if found is None or found.source not in (None, example.source):
        return None
    return drop_example(example, RowError(LEFT_OUT, found.why))


def unmet_notices(recipe: ExamplesRecipe, dropped: Counter[str], folder: Path) -> list[str]:
    """What is to be said of ids that no example had: their rows are gone, or were changed."""
    unmet = len(read_leave_out(recipe.leave_out, folder)) - dropped[LEFT_OUT]
    if unmet <= 0:
        return []
    told = translate(
        "{count:,} ids of {path} are no example's: what they named has changed",
        count=unmet,
        path=recipe.leave_out,
    )
    return [told]
