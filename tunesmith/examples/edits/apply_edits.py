"""Held rows and the changes that stand -> the rows as they are afterwards, and what did not fit.

Changes are applied in the order of their lines, each to all rows that have the words it was made
for; so what is found does not depend on how the material was read. A change whose pair is gone,
or reads otherwise by now, is not applied and is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tunesmith.errors import DataError
from tunesmith.examples.edits.held_row import ChangedRow, HeldRow
from tunesmith.examples.edits.pair_edit import OtherPair, PairEdit, Texts
from tunesmith.examples.edits.pair_texts import pair_texts, with_texts
from tunesmith.examples.example import Example, drop_example
from tunesmith.sources.row import Dropped, RowError

NO_LONGER_FITS = "edit no longer fits"
UNREADABLE_EDIT = "unreadable edit"
BY_HAND = ("rejected by ", "merged by ")  # how reasons begin that name a person
_GONE = "no row has these words any more"
_OTHERWISE = "its row reads otherwise"


def is_by_hand(reason: str) -> bool:
    """Whether this is what a person decided, or a change that could not be made."""
    return reason.startswith(BY_HAND) or reason in (NO_LONGER_FITS, UNREADABLE_EDIT)


class _NoFit(Exception):  # noqa: N818 - it is caught two functions above
    """Why a change is not applied."""


@dataclass(slots=True)
class EditedRows:
    """Rows while changes are applied, and the changes that did not fit.

    Attributes:
        rows: Every row, in the order of the material.
        misfits: Lines with the change and why it was not applied.
    """

    rows: list[ChangedRow]
    misfits: list[tuple[int, PairEdit, str]] = field(default_factory=list)
    _by_id: dict[str, list[ChangedRow]] = field(default_factory=dict)

    @classmethod
    def of(cls, held: Iterable[HeldRow]) -> "EditedRows":
        """Rows that nothing has changed yet."""
        rows = [ChangedRow(held=one, example=one.example, ids=[one.example.id]) for one in held]
        edited = cls(rows)
        for row in rows:
            edited._by_id.setdefault(row.ids[0], []).append(row)
        return edited

    def apply(self, edits: Iterable[tuple[int, PairEdit]]) -> None:
        """Apply changes in order."""
        for number, edit in edits:
            try:
                self._apply(edit)
            except _NoFit as reason:
                self.misfits.append((number, edit, str(reason)))

    def _apply(self, edit: PairEdit) -> None:
        rows = self._with_words(edit.id, edit.before, is_any=edit.what == "restore")
        if edit.what == "restore":
            for row in rows:
                row.fault = None
        elif edit.what == "reject":
            _leave_out(rows, f"rejected by {edit.author}", _when(edit))
        elif edit.what == "choose":
            self._choose(edit)
        else:
            self._rewrite(edit, rows)

    def _with_words(self, id_: str, before: Texts, *, is_any: bool = False) -> list[ChangedRow]:
        """The rows that are meant.

        Args:
            id_: Theirs.
            before: Texts that they must have.
            is_any: Whether those that are left out by hand count too.
        """
        rows = [row for row in self._by_id.get(id_, ()) if is_any or row.fault is None]
        if not rows:
            raise _NoFit(_GONE)
        texts = pair_texts(rows[0].example)
        if any(texts.get(name) != text for name, text in before.items()):
            raise _NoFit(_OTHERWISE)
        return rows

    def _choose(self, edit: PairEdit) -> None:
        lost = [row for one in edit.others for row in self._if_there(one)]
        if not lost:
            raise _NoFit(f"of the answers that were not chosen, {_GONE.removeprefix('no ')}")
        _leave_out(lost, f"rejected by {edit.author}", f"{edit.source} was chosen, {edit.time}")

    def _if_there(self, other: OtherPair) -> Sequence[ChangedRow]:
        try:
            return self._with_words(other.id, other.before)
        except _NoFit:
            return ()

    def _rewrite(self, edit: PairEdit, rows: Sequence[ChangedRow]) -> None:
        lost = [self._with_words(other.id, other.before) for other in edit.others]
        splits = {row.held.example.split for row in (*rows, *(one for two in lost for one in two))}
        if len(splits) > 1:
            raise _NoFit("the recipe puts what was merged into different splits")
        try:
            changed = [with_texts(row.example, edit.after) for row in rows]
        except DataError as error:
            raise _NoFit(str(error)) from None
        more = [id_ for two in lost for one in two for id_ in one.ids]
        for row, example in zip(rows, changed, strict=True):
            self._by_id[row.example.id].remove(row)
            row.example = replace(example, is_edited=True)
            row.ids += [row.example.id, *more]
            self._by_id.setdefault(row.example.id, []).append(row)
        for two in lost:
            _leave_out(two, f"merged by {edit.author}", f"into {edit.source}, {edit.time}")


def misfit_drop(number: int, edit: PairEdit, why: str, *, file: str) -> Dropped:
    """What is said of a change that was not applied."""
    detail = f"{edit.what} of {edit.source or edit.id} by {edit.author}, {edit.time}: {why}"
    shown = "\n".join(edit.before.values())
    fault = RowError(NO_LONGER_FITS, detail)
    return Dropped.of(fault, source=f"{file}:{number}", text=shown, num_characters=0)


def unread_drop(number: int, *, file: str) -> Dropped:
    """What is said of a line that is no change."""
    fault = RowError(UNREADABLE_EDIT, "this is no change that tunesmith wrote; it was passed over")
    return Dropped.of(fault, source=f"{file}:{number}")


def _leave_out(rows: Sequence[ChangedRow], reason: str, detail: str) -> None:
    for row in rows:
        if row.fault is None:
            row.fault = _dropped(row.example, reason, detail)


def _dropped(example: Example, reason: str, detail: str) -> Dropped:
    return drop_example(example, RowError(reason, detail))


def _when(edit: PairEdit) -> str:
    return f"tunesmith edit, {edit.time}"
