"""The sources of a recipe -> their examples in order, and in their place what was dropped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.columns.checked_rows import checked_rows
from tunesmith.examples.columns.column_plan import column_choice
from tunesmith.examples.conversion.cell_paths import opened_rows
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.mix import count_examples, sample_examples, shares
from tunesmith.examples.preference_rows import laid_out_rows
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Material
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

Weights = Mapping[int, tuple[int, int]]  # of each source with one: examples to keep, examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A source that can be read; `not_read` grows by what is passed over on the way."""

    source: SourceRecipe
    material: Iterator[Material | Dropped]
    not_read: NotReadCount


_SHAPES = {
    **dict.fromkeys(("instruction", "input", "response", "choices", "chosen"), "a pair"),
    **dict.fromkeys(("thread", "author", "role", "message"), "a dialogue"),
}


def open_sources(sources: Sequence[SourceRecipe], *, folder: Path) -> list[Opened]:
    """Open all sources at once; each is read while the caller iterates.

    Raises:
        MissingError: A file or a data set does not exist.
        DataError: One is empty, damaged or of no known kind.
        RecipeError: `fields` names two shapes, a column needs a word of the recipe, or a Hub
            data set has no such split.
        RemoteError: The Hub cannot be reached.
    """
    for index, source in enumerate(sources):
        check_fields(source, where=f"sources.{index}.fields")
    return [_open(source, folder) for source in sources]


def weigh_sources(sources: Sequence[SourceRecipe], *, folder: Path) -> Weights:
    """Count the examples of the sources that have a weight, and how many of each belong in the mix.

    Raises:
        DataError: Such a source holds no example.
    """
    weights = {
        index: source.weight for index, source in enumerate(sources) if source.weight is not None
    }
    if not weights:
        return {}
    available = [count_examples(_made(sources[index], folder)) for index in weights]
    for index, count in zip(weights, available, strict=True):
        if not count:
            place = sources[index].path or sources[index].hub
            cure = "Leave its weight out to see why each was dropped, or leave out the source."
            raise DataError("has a weight, but holds no example", where=place, cure=cure)
    kept = shares(available, list(weights.values()))
    return dict(zip(weights, zip(kept, available, strict=True), strict=True))


def made_examples(
    source: SourceRecipe,
    material: Iterable[Material | Dropped],
    *,
    folder: Path,
    index: int,
    weights: Weights,
    not_read: NotReadCount | None = None,
) -> Iterator[Example | Dropped]:
    """The examples of one opened source, as many as its weight allows.

    Args:
        source: Of a recipe.
        material: Of it, whatever is still to be read.
        folder: The recipe's; paths are relative to it.
        index: Its place among the recipe's sources.
        weights: Of `weigh_sources`.
        not_read: Grows by the columns that no example is made of.
    """
    items = to_examples(material, source, folder=folder, not_read=not_read)
    if index not in weights:
        return items
    keep, available = weights[index]
    return sample_examples(items, keep=keep, available=available, seed=f"{source.seed}/{index}")


def _open(source: SourceRecipe, folder: Path) -> Opened:
    count = NotReadCount()
    material = opened_rows(read_source(source, folder=folder, not_read=count), source)
    checked = checked_rows(laid_out_rows(material, column_choice(source)), source, folder=folder)
    return Opened(source=source, material=checked, not_read=count)


def _made(source: SourceRecipe, folder: Path) -> Iterator[Example | Dropped]:
    rows = opened_rows(read_source(source, folder=folder), source)
    return to_examples(laid_out_rows(rows, column_choice(source)), source, folder=folder)


def check_fields(source: SourceRecipe, where: str) -> None:
    """One row has one shape: a pair, a list of messages, a text, or a message of a dialogue.

    Raises:
        RecipeError: The fields of the source belong to several.
    """
    shapes = {
        _SHAPES.get(ours, ours)
        for ours in source.fields
        if ours not in ("system", "history", "rejected")
    }
    if len(shapes) > 1 or ("text" in shapes and "system" in source.fields):
        raise RecipeError(
            f"{', '.join(source.fields)} do not belong to one kind of row",
            where=where,
            cure="Name instruction and response (input, system), or messages (system), or text, "
            "or thread, role, author and message.",
        )
