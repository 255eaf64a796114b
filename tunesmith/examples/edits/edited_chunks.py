"""Chunks of clean examples and a person's changes -> the same, and a last chunk of what changed.

Rows that no change is about pass at once; the others wait until everything has been read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tunesmith.examples.batch import chunk_of
from tunesmith.examples.edits.apply_edits import EditedRows, misfit_drop, unread_drop
from tunesmith.examples.edits.edit_log import EDITS, EditLog, edits_concern
from tunesmith.examples.edits.held_row import ChangedRow, HeldRow
from tunesmith.examples.edits.pair_edit import PairEdit
from tunesmith.examples.leave_out import TakenOut, taken_out
from tunesmith.examples.splitting.collection import Chunk, RowOrigin
from tunesmith.examples.splitting.fingerprints import fingerprints
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import source_name

_ELSEWHERE = "changes to pairs of other sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPlan:
    """The changes for one preparation.

    Attributes:
        edits: Those that stand and have an effect, with the numbers of their lines.
        ids: What they are about: rows that are held back.
        restored: Of these, those that no filter drops.
        unread: Numbers of lines that are no changes.
        file: The name of the file.
        recipe: The name of the recipe.
    """

    edits: tuple[tuple[int, PairEdit], ...] = ()
    ids: frozenset[str] = frozenset()
    restored: frozenset[str] = frozenset()
    unread: tuple[int, ...] = ()
    file: str = EDITS
    recipe: str = ""

    def __bool__(self) -> bool:
        """Whether anything is changed, or has to be told."""
        return bool(self.edits or self.unread)

    @classmethod
    def of(cls, log: EditLog, recipe: str) -> "EditPlan":
        """What a file of changes means for a recipe."""
        edits = log.effective()
        return cls(
            edits=tuple(edits),
            ids=frozenset(id_ for _, edit in edits for id_ in edit.ids),
            restored=frozenset(edit.id for _, edit in edits if edit.what == "restore"),
            unread=() if log.is_foreign else tuple(log.unread),
            file=log.path.name,
            recipe=recipe,
        )


def edited_chunks(
    chunks: Iterable[Chunk],
    plan: EditPlan,
    leave_out: Mapping[str, TakenOut],
    *,
    has_groups: bool = False,
) -> Iterator[Chunk]:
    """Pass chunks on; a last one holds what they held back, changed.

    Args:
        chunks: As they are read.
        plan: The changes.
        leave_out: What a person took out, by id: of changed examples too.
        has_groups: Whether lines name the groups that the sources name.
    """
    held: list[HeldRow] = []
    sources: set[str] = set()
    for chunk in chunks:
        held += chunk.held
        sources.update(chunk.kept_by_source, (source_name(one.source) for one in chunk.dropped))
        yield chunk
    edited = EditedRows.of(held)
    edited.apply(plan.edits)
    for row in edited.rows:
        row.fault = row.fault or taken_out(row.example, leave_out)
    kept = [row for row in edited.rows if row.fault is None]
    dropped = [row.fault for row in edited.rows if row.fault is not None]
    sources.update(source_name(row.example.source) for row in edited.rows)
    elsewhere = NotReadCount()
    for number, edit, why in edited.misfits:
        if edits_concern(edit, plan.recipe, sources):
            dropped.append(misfit_drop(number, edit, why, file=plan.file))
        else:
            elsewhere.add_some(plan.file, _ELSEWHERE, number=1, characters=0)
    dropped += [unread_drop(number, file=plan.file) for number in plan.unread]
    yield replace(
        chunk_of([row.example for row in kept], has_groups=has_groups),
        redacted={place: row.held.redacted for place, row in enumerate(kept)},
        dropped=dropped,
        dropped_at=[0] * len(dropped),
        not_read=elsewhere,
        origins=_origins(kept),
    )


def _origins(rows: Sequence[ChangedRow]) -> dict[int, RowOrigin]:
    """What changed rows were, by their place."""
    places = [place for place, row in enumerate(rows) if row.is_changed]
    sources = [rows[place].held.example for place in places]
    prompts = fingerprints(sources, [one.id for one in sources]).prompts.tolist()
    return {
        place: RowOrigin(ids=tuple(int(one, 16) for one in rows[place].ids), prompt=prompt)
        for place, prompt in zip(places, prompts, strict=True)
    }
