"""A recipe of the studio's folder -> the pages of its material: pairs, redactions and the rest.

Each page holds 20; of files only those lines are read. Rows of the test split are not shown:
who mends them here would tune towards them (`tunesmith edit` changes one by its id).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError, TunesmithError
from tunesmith.examples.clean import CLEANED
from tunesmith.examples.edits.apply_edits import is_by_hand
from tunesmith.examples.example import Example
from tunesmith.examples.splitting.split import Split
from tunesmith.files import read_json
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.sources.read_source import explain_source
from tunesmith.stages.editing.edit_desk import EditDesk
from tunesmith.stages.editing.line_index import LineIndex, LineIndexes
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.material.pair_card import PairCard, pair_card
from tunesmith.studio.material.source_place import lines_around

PAGE_ROWS = 20
VIEWS = ("pairs", "redactions", "contradictions", "dropped", "sources")
_SHOWN: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialPage:
    """A part of a list.

    Attributes:
        items: What is shown.
        total: Of the whole list.
        number: From 1.
        kinds: What the list can be narrowed to, with how many there are.
        hidden: How many of the items are of the test split, and not shown.
    """

    items: Sequence[Any]
    total: int
    number: int
    kinds: Mapping[str, int]
    hidden: int = 0

    @property
    def num_pages(self) -> int:
        """Of the whole list."""
        return max(1, -(-self.total // PAGE_ROWS))


class MaterialDesk:
    """One person's view of a recipe's material.

    Args:
        recipe: The recipe's file.
        folder: Of the recipe's run.
        indexes: Of files that were read before.

    Raises:
        TunesmithError: The recipe cannot be read.
    """

    def __init__(self, recipe: Path, folder: RunFolder, indexes: LineIndexes) -> None:
        self.path = recipe
        self.folder = folder
        self.recipe = load_recipe(recipe)
        self.indexes = indexes
        self.edits = EditDesk(folder, recipe, indexes=indexes)

    @property
    def is_prepared(self) -> bool:
        """Whether there are pairs."""
        return self.folder.examples("train").is_file() and self.folder.summary.is_file()

    def page(self, view: str, kind: str, number: int) -> MaterialPage:
        """A page of a view."""
        if view == "dropped":
            return self._dropped(kind, number)
        if view == "contradictions":
            return self._contradictions(number)
        return self._pairs(kind, number, is_redacted=view == "redactions")

    def sources(self) -> list[dict[str, Any]]:
        """What each source is read as and how sure, what became of it, and what is not read."""
        summary = read_json(self.folder.summary) if self.is_prepared else {}
        return [self._source(one, summary) for one in self.recipe.sources]

    def accepted_kinds(self) -> set[str]:
        """Whatever is accepted as a whole."""
        return {edit.of for _, edit in self.edits.log.standing() if edit.of}

    def last_change(self) -> int | None:
        """The number of the newest line that stands."""
        return max((number for number, _ in self.edits.log.standing()), default=None)

    def check_shown(self, example_id: str) -> None:
        """Refuse to change a row of the test split.

        Raises:
            DataError: It is one.
        """
        if self.edits.pair(example_id).split == "test":
            cure = f"If it has to be: tunesmith edit {self.path.name} {example_id} ..."
            raise DataError("a row of the test split is not changed here", where="id", cure=cure)

    def _source(self, source: Any, summary: Mapping[str, Any]) -> dict[str, Any]:
        name = str(source.path or source.hub or "teacher")
        told: dict[str, Any] = {"name": name, "doubt": "", "fault": ""}
        known = [one for one in summary.get("read_as", ()) if one["name"] == name]
        told["not_read"] = {
            what: count["number"]
            for what, count in summary.get("not_read", {}).get(name, {}).items()
        }
        told["counts"] = summary.get("by_source", {}).get(name)
        if known:
            return {**told, "kind": known[0]["kind"], "reason": known[0]["reason"]}
        if source.path is None:
            return {**told, "kind": "", "reason": ""}
        try:
            found = explain_source(source, folder=self.path.parent)
        except TunesmithError as error:
            return {**told, "kind": "", "reason": "", "fault": str(error)}
        return {**told, "kind": found.kind, "reason": found.reason, "doubt": found.doubt or ""}

    def _pairs(self, kind: str, number: int, *, is_redacted: bool) -> MaterialPage:
        indexes = {split: self.indexes.of(self.folder.examples(split)) for split in _SHOWN}
        if is_redacted:
            kinds = {m: sum(len(i.marked.get(m, ())) for i in indexes.values())
                     for i in indexes.values() for m in i.marked}  # fmt: skip
            chosen = kind if kind in kinds else next(iter(sorted(kinds)), "")
            rows = [(s, n) for s, i in indexes.items() for n in i.marked.get(chosen, ())]
        else:
            kinds = {split: len(index) for split, index in indexes.items()}
            split = next((one for one in _SHOWN if one == kind), _SHOWN[0])
            total = len(indexes[split])
            number, chosen_rows = _page_of(range(total), number)
            return MaterialPage(
                items=[*self._cards(split, indexes[split], chosen_rows)],
                total=total,
                number=number,
                kinds=kinds,
            )
        number, shown = _page_of(rows, number)
        items = [card for s, n in shown for card in self._cards(s, indexes[s], [n])]
        return MaterialPage(items=items, total=len(rows), number=number, kinds=kinds)

    def _cards(self, split: Split, index: LineIndex, rows: Sequence[int]) -> Iterator[PairCard]:
        for record in index.rows(rows):
            yield self._card(Example.from_json(record), split)

    def _card(self, example: Example, split: Split) -> PairCard:
        pair = self.edits.standing(example, split)
        accepted = {edit.id for _, edit in self.edits.log.standing() if edit.what == "accept"}
        lines = lines_around(example.source, self.recipe, self.path.parent, self.indexes)
        is_accepted = pair.example.id in accepted
        return pair_card(pair, lines, is_accepted=is_accepted, seed=self.recipe.examples.seed)

    def _contradictions(self, number: int) -> MaterialPage:
        index = self.indexes.of(self.folder.contradictions)
        number, rows = _page_of(range(len(index)), number)
        items = [self._both(record) for record in index.rows(rows)]
        shown = [one for one in items if one is not None]
        hidden = len(items) - len(shown)
        return MaterialPage(items=shown, total=len(index), number=number, kinds={}, hidden=hidden)

    def _both(self, record: Mapping[str, Any]) -> list[PairCard] | None:
        """The cards of a contradiction; None where one of them is a test row, or gone."""
        cards = []
        for one in ("first", "second"):
            try:
                pair = self.edits.pair(record[one]["id"])
            except (DataError, MissingError):
                return None
            if pair.split == "test":
                return None
            cards.append(self._card(pair.example, pair.split))
        return cards

    def _dropped(self, kind: str, number: int) -> MaterialPage:
        index = self.indexes.of(self.folder.dropped)
        kinds = {reason: len(rows) for reason, rows in index.reasons.items()}
        chosen = kind if kind in kinds else next(iter(kinds), "")
        rows = index.reasons.get(chosen, [])
        number, shown = _page_of(rows, number)
        restored = {edit.id for _, edit in self.edits.log.standing() if edit.what == "restore"}
        can = chosen in CLEANED or is_by_hand(chosen)
        items = [
            {**one, "can_restore": can and bool(one.get("example_id")),
             "is_restored": one.get("example_id") in restored}
            for one in index.rows(shown)
        ]  # fmt: skip
        return MaterialPage(items=items, total=len(rows), number=number, kinds=kinds)


def _page_of(rows: Sequence[Any], number: int) -> tuple[int, Sequence[Any]]:
    """A page of a list, and its number: the nearest that there is."""
    last = max(1, -(-len(rows) // PAGE_ROWS))
    number = min(max(1, number), last)
    return number, rows[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
