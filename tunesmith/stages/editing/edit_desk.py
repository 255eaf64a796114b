"""A prepared run and its file of changes -> pairs as they stand now, and new changes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError
from tunesmith.examples.clean import CLEANED
from tunesmith.examples.edits.apply_edits import EditedRows, is_by_hand
from tunesmith.examples.edits.edit_log import EDITS, EditLog
from tunesmith.examples.edits.held_row import ChangedRow, HeldRow
from tunesmith.examples.edits.pair_edit import EditKind, OtherPair, PairEdit
from tunesmith.examples.edits.pair_texts import pair_texts, with_texts
from tunesmith.examples.example import Example
from tunesmith.examples.splitting.split import SPLITS, Split
from tunesmith.line_log import author_name, now_text
from tunesmith.stages.editing.line_index import LineIndexes
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.run_folder import RunFolder

_CURE_ID = "data/*.jsonl and data/dropped.jsonl of the run hold the ids."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pair as it stands now.

    Attributes:
        example: With all changes, also those that `prepare` has not made yet.
        split: Where the last preparation put it.
        fault: Why it will be left out; None where it stays.
        is_pending: Whether `prepare` has yet to make a change to it.
    """

    example: Example
    split: Split
    fault: str | None = None
    is_pending: bool = False

    @property
    def texts(self) -> dict[str, str]:
        """Its question, input and answer."""
        return pair_texts(self.example)


class EditDesk:
    """Where one person changes the pairs of one recipe. All that it knows is in files.

    Args:
        folder: Of the run that prepared them.
        recipe: The recipe's file; the changes lie beside it.
        author: Who changes; TUNESMITH_AUTHOR or the login's name, if not given.
        indexes: Of files that were read before.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Path,
        *,
        author: str | None = None,
        indexes: LineIndexes | None = None,
    ) -> None:
        self.folder = folder
        self.recipe = recipe.name
        self.author = (author or author_name()).strip()
        self.log = EditLog.read(recipe.resolve().parent / EDITS)
        self.indexes = indexes if indexes is not None else LineIndexes()
        self._changed: dict[str, ChangedRow] | None = None

    def check_prepared(self) -> None:
        """Make sure that there are pairs.

        Raises:
            MissingError: The run is not prepared.
        """
        if not is_run(self.folder.path) or not self.folder.examples("train").is_file():
            cure = f"First: tunesmith prepare {self.recipe}"
            raise MissingError("no pairs are prepared", where=str(self.folder.path), cure=cure)

    def pair(self, example_id: str) -> Pair:
        """A pair by its id, as the run's files have it or as a change has made it.

        Raises:
            MissingError: There is none, or it is no longer what it was.
            DataError: The change that made it is undone, and `prepare` has not seen that yet.
        """
        found = self._found(example_id) or self._found(self._before(example_id))
        if found is not None:
            self._check_undone(found[0])
            return self.standing(*found)
        dropped = self.indexes.of(self.folder.dropped).find(example_id)
        if dropped is not None:
            cure = f"tunesmith edit {self.recipe} {example_id} --restore"
            problem = f"this pair is left out ({dropped['reason']})"
            raise DataError(problem, where=example_id, cure=cure)
        raise MissingError("no pair of this run has this id", where=example_id[:40], cure=_CURE_ID)

    def standing(self, example: Example, split: Split) -> Pair:
        """A row of the run's files with the changes that stand."""
        row = self._rows().get(example.id)
        if row is None:
            return Pair(example=example, split=split)
        fault = row.fault.reason if row.fault else None
        is_pending = row.is_changed or bool(fault)
        return Pair(example=row.example, split=split, fault=fault, is_pending=is_pending)

    def write_texts(self, example_id: str, after: Mapping[str, str]) -> int:
        """Change texts of a pair; those that are equal to what stands do not count.

        Returns:
            The number of the line, as of all that follow.

        Raises:
            DataError: Nothing changes, or a text is none that the pair may have.
        """
        pair = self._kept(example_id)
        texts = pair.texts
        after = {name: text for name, text in after.items() if texts.get(name) != text}
        if not after:
            raise DataError("nothing changes", where=example_id, cure="Give another text.")
        return self._rewrite("edit", pair, after)

    def reject(self, example_id: str) -> int:
        """Leave a pair out."""
        return self._say("reject", self._kept(example_id))

    def restore(self, example_id: str) -> int:
        """Take back in what a person rejected or a filter dropped.

        Raises:
            DataError: It is in, or it was dropped for a reason that no person can set aside.
        """
        dropped = self.indexes.of(self.folder.dropped).find(example_id)
        if dropped is None:
            pair = self.pair(example_id)
            if pair.fault is None:
                raise DataError("this pair is not left out", where=example_id)
            return self._say("restore", pair)
        reason = dropped["reason"]
        if not is_by_hand(reason) and reason not in CLEANED:
            cure = "Change what the reason names: a key of examples in the recipe, or the source."
            raise DataError(f"it was dropped as {reason!r}", where=example_id, cure=cure)
        return self._write(self._edit("restore", id=example_id, source=dropped["source"]))

    def merge(self, example_id: str, other_id: str, after: Mapping[str, str]) -> int:
        """Make one pair of two: the first one's question, and both answers one below the other.

        Args:
            example_id: What stays.
            other_id: What goes into it.
            after: Texts to write instead.

        Raises:
            DataError: They are one pair, or lie in different splits.
        """
        pair, other = self._kept(example_id), self._kept(other_id)
        if pair.example.id == other.example.id:
            raise DataError("a pair cannot be merged with itself", where=example_id)
        if pair.split != other.split:
            problem = f"they lie in {pair.split} and {other.split}"
            raise DataError(problem, where=f"{example_id}, {other_id}", cure="Reject one instead.")
        joined = f"{pair.example.reference}\n\n{other.example.reference}"
        return self._rewrite("merge", pair, {"answer": joined, **after}, others=[other])

    def choose(self, example_id: str, other_ids: Sequence[str]) -> int:
        """Decide a contradiction for one answer; the others are rejected.

        Raises:
            DataError: No other pair answers the same.
        """
        others = [self._kept(one) for one in other_ids if one != example_id]
        if not others:
            cure = "data/contradictions.jsonl lists what contradicts; or reject a pair."
            raise DataError("no other answer contradicts it", where=example_id, cure=cure)
        return self._say("choose", self._kept(example_id), others=others)

    def contradicting(self, example_id: str) -> list[str]:
        """Ids of pairs that answer the same question otherwise, as the run lists them."""
        index = self.indexes.of(self.folder.contradictions)
        found: dict[str, None] = {}
        for one in index.rows(range(len(index))):
            ids = [one["first"]["id"], one["second"]["id"]]
            if example_id in ids:
                found |= dict.fromkeys(ids)
        return [one for one in found if one != example_id]

    def accept(self, example_id: str) -> int:
        """Say that a pair was looked at and is good."""
        return self._say("accept", self._kept(example_id))

    def accept_all(self, of: str) -> int:
        """Say it of all of a kind, such as `source faq.md` or `redactions email`."""
        return self._write(self._edit("accept", of=of))

    def undo(self, line: int) -> int:
        """Take a line back.

        Raises:
            DataError: There is none, it is taken back already, or a later one builds on it.
        """
        edit = self.log.lines.get(line)
        if edit is None:
            known = f"lines 1 to {max(self.log.lines)}" if self.log.lines else "no line yet"
            cure = f"{EDITS} has {known}: tunesmith edit {self.recipe} --list"
            raise DataError("no such line", where=str(line), cure=cure)
        if line in self.log.undone:
            raise DataError("this line is undone already", where=str(line))
        later = [n for n, one in self.log.standing() if n > line and edit.becomes in one.ids]
        if edit.becomes and later:
            cure = f"Undo line {later[-1]} first."
            raise DataError(f"line {later[-1]} builds on it", where=str(line), cure=cure)
        return self._write(self._edit("undo", line=line))

    def place(self, what: EditKind, example_id: str, place: int, after: Mapping[str, str]) -> int:
        """Say something of one mark of a redaction; see `redaction_places`."""
        pair = self._kept(example_id)
        if what == "unredact":
            return self._rewrite(what, pair, after, place=place)
        return self._say(what, pair, place=place)

    def _kept(self, example_id: str) -> Pair:
        pair = self.pair(example_id)
        if pair.fault is not None:
            cure = f"tunesmith edit {self.recipe} {example_id} --restore"
            raise DataError(f"this pair is {pair.fault}", where=example_id, cure=cure)
        return pair

    def _check_undone(self, example: Example) -> None:
        """Refuse a row as an undone change made it: the next preparation will not have it."""
        standing = {edit.becomes for _, edit in self.log.standing()}
        made = [number for number, edit in self.log.lines.items() if edit.becomes == example.id]
        if example.is_edited and made and example.id not in standing:
            problem = f"line {made[-1]} of {EDITS}, which made this text, is undone"
            cure = f"First: tunesmith prepare {self.recipe}"
            raise DataError(problem, where=example.id, cure=cure)

    def _rewrite(self, what: EditKind, pair: Pair, after: Mapping[str, str], **more: Any) -> int:
        changed = with_texts(pair.example, after)
        before = {name: text for name, text in pair.texts.items() if name in after}
        return self._say(what, pair, before=before, after=after, becomes=changed.id, **more)

    def _say(self, what: EditKind, pair: Pair, *, others: Sequence[Pair] = (), **more: Any) -> int:
        told = [
            OtherPair(id=one.example.id, source=one.example.source, before=one.texts)
            for one in others
        ]
        if what in ("reject", "choose"):
            more["before"] = pair.texts
        example = pair.example
        said = self._edit(what, id=example.id, source=example.source, others=tuple(told), **more)
        return self._write(said)

    def _edit(self, what: EditKind, **said: Any) -> PairEdit:
        return PairEdit(what=what, time=now_text(), author=self.author, recipe=self.recipe, **said)

    def _write(self, edit: PairEdit) -> int:
        self._changed = None
        return self.log.add(edit)

    def _before(self, example_id: str) -> str:
        """What a pair was in the run's files that a change has since made into this one."""
        made = {edit.becomes: edit.id for _, edit in self.log.standing() if edit.becomes}
        seen: set[str] = set()
        while example_id in made and example_id not in seen and self._found(example_id) is None:
            seen.add(example_id)
            example_id = made[example_id]
        return example_id

    def _found(self, example_id: str) -> tuple[Example, Split] | None:
        """A row of the run's files."""
        for split in SPLITS:
            record = self.indexes.of(self.folder.examples(split)).find(example_id)
            if record is not None:
                return Example.from_json(record), split
        return None

    def _rows(self) -> dict[str, ChangedRow]:
        """What the changes make of the rows of the run's files that they are about, by id."""
        if self._changed is None:
            edits = self.log.effective()
            ids = dict.fromkeys(id_ for _, edit in edits for id_ in edit.ids)
            found = [one[0] for one in map(self._found, ids) if one is not None]
            edited = EditedRows.of(HeldRow(example=one) for one in found)
            edited.apply(edits)
            self._changed = {row.ids[0]: row for row in edited.rows}
        return self._changed
