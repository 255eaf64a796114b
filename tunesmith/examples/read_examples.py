"""The sources of a recipe -> examples in order, and in their place what was dropped.

The caller writes both as they come, counts them in a ReadCount, and only then asks
`check_read` whether the run may go on: what was dropped is on disk also when it may not.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.clean import CLEANED, EXACT_DUPLICATE, drop_exact_duplicates
from tunesmith.examples.conversion.conversations import TOOL_CALLS
from tunesmith.examples.conversion.end_markers import REMOVED
from tunesmith.examples.conversion.from_threads import LEFT_OUT_OF_THREADS
from tunesmith.examples.conversion.prompt_file import CANNOT_RUN
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.mix import OVER_WEIGHT, count_examples, sample_examples, shares
from tunesmith.examples.splitting.duplicates import NEAR_DUPLICATE
from tunesmith.examples.splitting.groups import BRIDGES_SPLITS
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Material
from tunesmith.sources.pages.outline import LEFT_OUT_OF_PAGES
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

# Left out on purpose, not unreadable.
NOT_FAULTY = (
    frozenset(
        {CANNOT_RUN, EXACT_DUPLICATE, NEAR_DUPLICATE, BRIDGES_SPLITS, OVER_WEIGHT, TOOL_CALLS}
    )
    | CLEANED
    | LEFT_OUT_OF_PAGES
    | LEFT_OUT_OF_THREADS
)
Opened = tuple[SourceRecipe, Iterator[Material | Dropped]]
Weights = Mapping[int, tuple[int, int]]  # of each source with one: examples to keep, examples
NUM_SHOWN = 3
_SHAPES = {
    **dict.fromkeys(("instruction", "input", "response"), "a pair"),
    **dict.fromkeys(("thread", "author", "role", "message"), "a dialogue"),
}


@dataclass(slots=True)
class ReadCount:
    """How much was kept and dropped, by reason and by source; what was hidden and removed."""

    num_kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    kept_by_source: Counter[str] = field(default_factory=Counter)
    dropped_by_source: Counter[str] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    first_faulty: list[Dropped] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)

    def add_kept(self, by_source: Counter[str], removed: Counter[str]) -> None:
        """Count examples by the source they came from, and the end markers taken off them."""
        self.num_kept += by_source.total()
        self.kept_by_source.update(by_source)
        self.removed.update(removed)

    def lose(self, item: Dropped) -> None:
        """Count an example as dropped that was counted as kept."""
        self.num_kept -= 1
        self.kept_by_source[source_name(item.source)] -= 1
        self.add(item)

    def add(self, item: Example | Dropped) -> None:
        """Count one item."""
        name = source_name(item.source)
        if isinstance(item, Example):
            self.num_kept += 1
            self.kept_by_source[name] += 1
            self.removed.update(removed_markers(item))
            return
        self.dropped[item.reason] += 1
        self.dropped_by_source[name] += 1
        if item.reason not in NOT_FAULTY and len(self.first_faulty) < NUM_SHOWN:
            self.first_faulty.append(item)

    @property
    def num_read(self) -> int:
        """Everything that was read."""
        return self.num_kept + self.dropped.total()

    @property
    def num_faulty(self) -> int:
        """What could not be used; duplicates and tool calls were left out on purpose."""
        return sum(count for reason, count in self.dropped.items() if reason not in NOT_FAULTY)

    def to_json(self) -> dict[str, Any]:
        """The counts as they are written."""
        names = list(dict.fromkeys([*self.kept_by_source, *self.dropped_by_source]))
        return {
            "kept": self.num_kept,
            "dropped": dict(self.dropped.most_common()),
            "by_source": {
                name: {"kept": self.kept_by_source[name], "dropped": self.dropped_by_source[name]}
                for name in names
            },
        }


def removed_markers(example: Example) -> list[str]:
    """End markers that were taken off its answers."""
    return [tag[len(REMOVED) :] for tag in example.tags if tag.startswith(REMOVED)]


def source_name(source: str) -> str:
    """The file or data set of a place: `faq.jsonl:17` stands in `faq.jsonl`."""
    return source.rpartition(":")[0]


def read_examples(sources: Sequence[SourceRecipe], *, folder: Path) -> Iterator[Example | Dropped]:
    """Open all sources at once, and read one after the other while the caller iterates.

    Sources with a weight are read twice, first to count them; of each passes what its weight
    allows. Equal conversations pass once, across all sources. Memory does not grow with the rows
    but for what is needed to know them again.

    Args:
        sources: From the recipe.
        folder: The recipe's; paths are relative to it.

    Raises:
        MissingError: A file or a data set does not exist.
        DataError: One is empty, damaged or of no known kind.
        RecipeError: `fields` names two shapes, or a Hub data set has no such split.
        RemoteError: The Hub cannot be reached.
    """
    return drop_exact_duplicates(_read_all(open_sources(sources, folder=folder), folder))


def open_sources(sources: Sequence[SourceRecipe], *, folder: Path) -> list[Opened]:
    """Open all sources; each is read while the caller iterates. See `read_examples`."""
    for index, source in enumerate(sources):
        _check_fields(source, where=f"sources.{index}.fields")
    return [(source, read_source(source, folder=folder)) for source in sources]


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
    opened: Opened, *, folder: Path, index: int, weights: Weights
) -> Iterator[Example | Dropped]:
    """The examples of one opened source, as many as its weight allows.

    Args:
        opened: Of `open_sources`.
        folder: The recipe's; paths are relative to it.
        index: Its place among the recipe's sources.
        weights: Of `weigh_sources`.
    """
    source, material = opened
    items = to_examples(material, source, folder=folder)
    if index not in weights:
        return items
    keep, available = weights[index]
    return sample_examples(items, keep=keep, available=available, seed=f"{source.seed}/{index}")


def check_read(count: ReadCount, *, max_bad: float, dropped_path: Path | None = None) -> None:
    """Stop where too much was unreadable, or nothing is left.

    Args:
        count: Of all that was read.
        max_bad: Share of it, `examples.max_bad`.
        dropped_path: Where what was dropped was written, for the message.

    Raises:
        DataError: With the first faulty rows, each with file, line and reason.
    """
    where = count.first_faulty[0].source if count.first_faulty else None
    if count.num_kept == 0:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in count.dropped.items())
        raise DataError(
            f"no example is left ({reasons or 'nothing was read'}){_shown(count)}",
            where=where,
            cure=f"Every row was dropped{_list_at(dropped_path)}; mend them or map their fields.",
        )
    if count.num_faulty > max_bad * count.num_read:
        share = count.num_faulty / count.num_read
        raise DataError(
            f"{count.num_faulty:,} of {count.num_read:,} rows ({_percent(share)}) are unreadable, "
            f"more than examples.max_bad = {max_bad:g} allows{_shown(count)}",
            where=where,
            cure=f"Mend them{_list_at(dropped_path)}, or allow more with "
            f"--set examples.max_bad={_enough(share)}.",
        )


def _made(source: SourceRecipe, folder: Path) -> Iterator[Example | Dropped]:
    return to_examples(read_source(source, folder=folder), source, folder=folder)


def _read_all(opened: Sequence[Opened], folder: Path) -> Iterator[Example | Dropped]:
    weights = weigh_sources([source for source, _ in opened], folder=folder)
    for index, (source, material) in enumerate(opened):
        made = made_examples((source, material), folder=folder, index=index, weights=weights)
        for item in made:
            yield replace(item, split=source.use_as) if isinstance(item, Example) else item


def _check_fields(source: SourceRecipe, where: str) -> None:
    """One row has one shape: a pair, a list of messages, a text, or a message of a dialogue."""
    shapes = {_SHAPES.get(ours, ours) for ours in source.fields if ours != "system"}
    if len(shapes) > 1 or ("text" in shapes and "system" in source.fields):
        raise RecipeError(
            f"{', '.join(source.fields)} do not belong to one kind of row",
            where=where,
            cure="Name instruction and response (input, system), or messages (system), or text, "
            "or thread, role, author and message.",
        )


def _shown(count: ReadCount) -> str:
    lines = [f"\n  {item.source}: {item.reason}: {item.detail}" for item in count.first_faulty]
    return ":" + "".join(lines) + "\n" if lines else ""


def _list_at(path: Path | None) -> str:
    return f" ({path} lists all)" if path else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def _enough(share: float) -> float:
    """The smallest share with two digits that lets this data pass."""
    return min(1.0, math.ceil(share * 100) / 100)
