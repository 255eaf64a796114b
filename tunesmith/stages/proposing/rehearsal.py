"""Sources with a proposed recipe -> the settings under which preparing them succeeds, and why.

A sample is prepared in a folder that is thrown away: what a split, a row's length or unreadable
rows would end a run with is found there, and the least change that helps goes into the recipe.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.models.load import context_tokens, find_model
from tunesmith.recipe.commented import Choice
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.answerable import TOO_LONG

_NUM_ROWS = 2_000  # of each source
_MANY = 20  # groups that only their form can have made one of
_FEW = 0.05  # share of rows that may be lost for their length
Keys = dict[tuple[str, ...], Choice]
Shares = tuple[float, float]  # of validation and test


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """One way to prepare, with what it costs in words."""

    split: Shares
    keys: Keys


def rehearse(
    sources: Sequence[SourceRecipe], split: Shares, max_bad: float, *, num_groups: int
) -> tuple[Shares, Keys] | None:
    """Find the shares and lengths with which a sample of the sources can be prepared.

    Args:
        sources: As the recipe will read them; paths are seen from here.
        split: The shares of validation and test that are wanted.
        max_bad: As the recipe will have it.
        num_groups: As many as the sources name, or examples.

    Returns:
        The shares, and what else the recipe has to say; None where nothing helps.
    """
    best: tuple[float, _Setting] | None = None
    for setting in _settings(split, num_groups):
        lost = _share_lost(sources, setting, max_bad)
        if lost is not None and (best is None or lost < best[0]):
            best = (lost, setting)
        if lost is not None and lost <= _FEW:
            break
    return (best[1].split, best[1].keys) if best else None


def _settings(split: Shares, num_groups: int) -> Iterator[_Setting]:
    nothing = (0.0, 0.0)
    for lengths in _lengths():
        for one in dict.fromkeys([split, (0.0, split[1])]):
            yield _Setting(split=one, keys=lengths)
        if num_groups >= _MANY:
            why = (
                "? else all rows are one group, for their form alone is the same: nothing is apart"
            )
            apart = {("examples", "group_near_duplicates"): Choice(value=None, why=why)}
            yield _Setting(split=split, keys=lengths | apart)
        if nothing != split:
            yield _Setting(split=nothing, keys=lengths)


def _lengths() -> Iterator[Keys]:
    """As long as the starter reads, then rows that lose their beginning."""
    yield {}
    context = context_tokens(find_model("starter"))
    why = f"? prompts beyond the {context:,} tokens that the starter reads lose their beginning"
    yield {("training", "when_too_long"): Choice(value="cut-context", why=why)}


def _share_lost(sources: Sequence[SourceRecipe], setting: _Setting, max_bad: float) -> float | None:
    """The share of rows that a preparation loses for their length; None: it fails."""
    validation, test = setting.split
    written: dict[str, dict[str, Any]] = {
        "examples": {"split": {"validation": validation, "test": test}, "max_bad": max_bad},
        "training": {},
    }
    for (section, key), choice in setting.keys.items():
        written[section][key] = choice.value
    places = [one.model_dump(exclude_unset=True) | {"limit": _NUM_ROWS} for one in sources]
    recipe = recipe_from_mapping({"sources": places, **written}, name="recipe.yaml")
    with tempfile.TemporaryDirectory() as folder:
        place = RunFolder(Path(folder) / "run", recipe_folder=Path(folder))
        try:
            prepared = prepare(Run(recipe=recipe, folder=place, paths_from=Path.cwd()))
        except DataError:
            return None
    lost = prepared.dropped.get(TOO_LONG, 0)
    return lost / (prepared.kept + lost)
