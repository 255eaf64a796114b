"""A recipe and a plan -> the next recipe beside it, with a comment on every line that changed."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from tunesmith.errors import RecipeError
from tunesmith.files import write_json_lines, write_text
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.reviewing.round_plan import CORRECTED, RoundPlan

_NAME_WIDTH = 4096  # no line is broken that was whole
_WORTH = 0.1  # of the rows, from which on epochs are changed


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFiles:
    """What a next round consists of, in one folder.

    Attributes:
        recipe: The next recipe.
    """

    recipe: Path

    @property
    def corrections(self) -> Path:
        """Rows of corrected answers."""
        return self.recipe.with_name(f"{self.recipe.stem}-corrections.jsonl")

    @property
    def left_out(self) -> Path:
        """Ids of rows that are left out, with why."""
        return self.recipe.with_name(f"{self.recipe.stem}-left-out.jsonl")

    def all(self) -> list[Path]:
        """The three."""
        return [self.recipe, self.corrections, self.left_out]


def next_name(recipe: Path) -> str:
    """`recipe.yaml` -> `round-2.yaml`, `faq.yaml` -> `faq-round-2.yaml`, which leads to -3."""
    stem, _, number = recipe.stem.rpartition("round-")
    if number.isdecimal() and (stem == "" or stem.endswith("-")):
        return f"{stem}round-{int(number) + 1}{recipe.suffix}"
    return f"{'' if recipe.stem == 'recipe' else f'{recipe.stem}-'}round-2{recipe.suffix}"


def write_round(
    recipe: Path, run: Path, plan: RoundPlan, files: RoundFiles, *, goes_on: bool
) -> list[str]:
    """Write the next recipe and its rows.

    Args:
        recipe: That of the run.
        run: The run's folder, as the next recipe is to name it.
        plan: What changes.
        files: Where it is written; nothing may stand there.
        goes_on: Whether the next round tunes the tuned model further, rather than the base again.

    Returns:
        What changed in the recipe, key by key.

    Raises:
        RecipeError: Something stands there already, or the recipe cannot be read.
    """
    standing = [path for path in files.all() if path.exists()]
    if standing:
        cure = "Name another with --out, or move what stands there away."
        raise RecipeError("this exists already", where=str(standing[0]), cure=cure)
    document = _read(recipe)
    changes = _changes(document, run, plan, files, goes_on=goes_on)
    if plan.corrected:
        write_json_lines(files.corrections, plan.corrected)
    if plan.left_out:
        write_json_lines(files.left_out, plan.left_out)
    write_text(files.recipe, _written(document, files.recipe, run))
    try:
        load_recipe(files.recipe)
    except RecipeError:
        for path in files.all():
            path.unlink(missing_ok=True)
        raise
    return changes


def _changes(
    document: CommentedMap, run: Path, plan: RoundPlan, files: RoundFiles, *, goes_on: bool
) -> list[str]:
    changes = []
    if plan.corrected:
        source: dict[str, Any] = {
            "path": files.corrections.name,
            "use_as": "train",
            "ignore": ["source"],
        }
        number = len(plan.corrected)
        sources = document.setdefault("sources", CommentedSeq())
        if plan.has_headers:
            source["keep_headers"] = True
            changes += _kept_headers(sources)
        sources.append(CommentedMap(source))
        sources.fa.set_block_style()
        _comment(sources[-1], "path", f"{number} corrected answers")
        changes.append(f"sources: {files.corrections.name} ({number} corrected answers)")
    if plan.left_out:
        why = f"{len(plan.left_out)} rows that the review took out, each with why"
        _set(document, ("examples", "leave_out"), files.left_out.name, why)
        changes.append(f"examples.leave_out: {files.left_out.name} ({len(plan.left_out)} rows)")
    changes += _more_epochs(document, plan)
    _set(document, ("evaluation", "round_before"), str(run), "what the report compares with")
    changes.append(f"evaluation.round_before: {run}")
    if goes_on:
        _set(document, ("model", "name"), f"{run}/model", "tunes further; before: the base model")
        changes.append(f"model.name: {run}/model")
    return changes


def _kept_headers(sources: CommentedSeq) -> list[str]:
    """A recipe of one source keeps the headers that its rows bear; of a mixture they are taken off.

    The corrections are a second source, by which every row, those of the test set too, would
    become another one.
    """
    alone = sources[0] if len(sources) == 1 else None
    if not isinstance(alone, CommentedMap) or "keep_headers" in alone:
        return []
    alone.fa.set_block_style()
    alone["keep_headers"] = True
    _comment(alone, "keep_headers", "a second source would take them off")
    return ["sources[0].keep_headers: true (a second source would take them off)"]


def _more_epochs(document: CommentedMap, plan: RoundPlan) -> list[str]:
    """As many steps as before with fewer rows, where the recipe says how many epochs.

    The rest of the data would be trained less, and answers to it would get worse.
    """
    training = document.get("training")
    epochs = training.get("epochs") if isinstance(training, CommentedMap) else None
    taken = sum(not one["why"].startswith(CORRECTED) for one in plan.left_out)
    left = plan.num_train - taken + len(plan.corrected)
    if not isinstance(epochs, int | float) or isinstance(epochs, bool) or left <= 0:
        return []
    wanted = round(epochs * plan.num_train / left)
    if wanted <= epochs or taken < _WORTH * plan.num_train:
        return []
    _set(document, ("training", "epochs"), wanted, f"as many steps with fewer rows; was {epochs}")
    return [f"training.epochs: {wanted} (as many steps with fewer rows; was {epochs})"]


def _read(recipe: Path) -> CommentedMap:
    try:
        found = _yaml().load(recipe.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, YAMLError) as error:
        raise RecipeError(f"cannot be read ({error})", where=str(recipe)) from None
    if not isinstance(found, CommentedMap):
        raise RecipeError("is no recipe", where=str(recipe))
    return found


def _set(document: CommentedMap, keys: tuple[str, str], value: object, why: str) -> None:
    part = document.get(keys[0])
    if not isinstance(part, CommentedMap):
        part = document[keys[0]] = CommentedMap()
    part.fa.set_block_style()
    part[keys[1]] = value
    _comment(part, keys[1], why)


def _comment(part: CommentedMap, key: str, why: str) -> None:
    part.yaml_add_eol_comment(f"this round: {why}", key)


def _written(document: CommentedMap, path: Path, run: Path) -> str:
    stream = io.StringIO()
    _yaml().dump(document, stream)
    made = f"# Made by `tunesmith next {run}`; what it changed is marked.\n"
    head = f"# tunesmith run {path.name}\n{made}"
    lines = stream.getvalue().splitlines(keepends=True)
    if lines and lines[0].startswith("# tunesmith "):
        lines = lines[1:]
    if lines and lines[0].startswith("# Made by `tunesmith next "):
        lines = lines[1:]
    return head + "".join(lines)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _NAME_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
