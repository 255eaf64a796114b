"""A recipe and what a person wants of a pair -> a line of `edits.jsonl`, and what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.errors import RecipeError
from tunesmith.examples.edits.edit_log import EDITS, EditLog
from tunesmith.examples.edits.pair_edit import PairEdit
from tunesmith.stages.editing.edit_desk import EditDesk
from tunesmith.stages.editing.redaction_places import find_mark, without_redaction
from tunesmith.stages.execution.opened_run import open_recipe
from tunesmith.stages.results.edited import EditedPairs

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EditWish:
    """What is wanted of one pair: new texts, and at most one of the rest.

    Attributes:
        texts: By name; those that are to change.
        actions: `reject`, `restore`, `choose` or `accept`, each with whether it is wanted.
        merge: The id of the pair that goes into it.
        redact: The number of a redaction that is right.
        unredact: `1=help@shop.example`: a redaction that is none, and what stood there.
        undo: The number of a line that is taken back.
        is_list: Nothing but a list of what is there.
    """

    texts: Mapping[str, str | None] = field(default_factory=dict)
    actions: Mapping[str, bool] = field(default_factory=dict)
    merge: str | None = None
    redact: int | None = None
    unredact: str | None = None
    undo: int | None = None
    is_list: bool = False

    @property
    def action(self) -> str:
        """The one thing that is wanted.

        Raises:
            RecipeError: It is nothing, or more than one.
        """
        named = ("merge", "redact", "unredact", "undo")
        wanted = [name for name, is_wanted in self.actions.items() if is_wanted]
        wanted += [name for name in named if getattr(self, name) is not None]
        wanted += ["list"] if self.is_list else []
        if self.after and wanted != ["merge"]:
            wanted.append("edit")
        if len(wanted) != 1:
            cure = "Give one, such as --answer TEXT, --reject, --merge ID, --undo LINE or --list."
            problem = f"{' and '.join(wanted)} at once" if wanted else "no change is named"
            raise RecipeError(problem, where="edit", cure=cure)
        return wanted[0]

    @property
    def after(self) -> dict[str, str]:
        """The texts that are to change."""
        return {name: text for name, text in self.texts.items() if text is not None}


def carry_out_edit(
    recipe: Path,
    example_id: str | None,
    wish: EditWish,
    *,
    run: Path | None = None,
    author: str | None = None,
) -> EditedPairs:
    """Write a change down, or list those that are there.

    Args:
        recipe: The recipe's file.
        example_id: The pair; None for what is about a line.
        wish: What is wanted.
        run: The folder of the run that prepared the pairs.
        author: Who changes.

    Raises:
        MissingError: There is no such recipe, run or pair.
        DataError: The change is none, or the pair cannot take it.
        RecipeError: Not exactly one change is wanted, or no pair is named.
    """
    opened = open_recipe(recipe, folder=run)
    desk = EditDesk(opened.folder, recipe, author=author)
    action = wish.action
    if action in ("undo", "list"):
        _refuse_pair(example_id, action)
        return edited(desk.log, None if wish.undo is None else desk.undo(wish.undo))
    if example_id is None:
        cure = "data/train.jsonl of the run has the ids."
        raise RecipeError("no pair is named", where="ID", cure=cure)
    desk.check_prepared()
    return edited(desk.log, _change(desk, example_id, wish, seed=opened.recipe.examples.seed))


def _refuse_pair(example_id: str | None, action: str) -> None:
    if example_id is not None:
        cure = f"Leave it out: --{action} is about lines of {EDITS}."
        raise RecipeError("a pair has no effect here", where=example_id, cure=cure)


def _change(desk: EditDesk, example_id: str, wish: EditWish, *, seed: int) -> int:
    """Write the change to a pair down; returns the number of its line."""
    simple = {"reject": desk.reject, "restore": desk.restore, "accept": desk.accept}
    action = wish.action
    if action in simple:
        return simple[action](example_id)
    if action == "choose":
        return desk.choose(example_id, desk.contradicting(example_id))
    if action == "merge":
        return desk.merge(example_id, str(wish.merge), wish.after)
    if action == "edit":
        return desk.write_texts(example_id, wish.after)
    return _redaction(desk, example_id, wish, seed)


def edited(log: EditLog, line: int | None = None) -> EditedPairs:
    """The record of a line that was added; of all, where none is named."""
    numbers = [*log.lines] if line is None else [line]
    lines = [edit_line(number, log.lines[number], log.undone) for number in numbers]
    told = [
        f"line {number} of {log.path.name}: {text}"
        for number, text in zip(numbers, lines, strict=True)
    ]
    standing = sum(1 for _ in log.standing())
    if line is None:
        told.append(f"{standing} changes stand")
    told += [f"line {number} is no change of tunesmith's" for number in log.unread]
    return EditedPairs(
        file=str(log.path),
        line=line,
        edits=[{"line": number, **log.lines[number].to_json()} for number in numbers],
        standing=standing,
        unread=log.unread,
        summary=tuple(told),
    )


def edit_line(number: int, edit: PairEdit, undone: frozenset[int]) -> str:
    """A change in a line of words."""
    about = " ".join(_about(edit))
    state = " (undone)" if number in undone else ""
    return f"{edit.what} {about}, {edit.author}, {edit.time}{state}"


def _about(edit: PairEdit) -> Iterator[str]:
    if edit.line is not None:
        yield f"of line {edit.line}"
    if edit.of:
        yield f"all of {edit.of}"
    if edit.id:
        yield f"{edit.id} ({edit.source})"
    for name, text in edit.after.items():
        yield f"{name}: {_short(edit.before.get(name, ''))} -> {_short(text)}"
    if edit.others:
        yield "with " + ", ".join(f"{one.id} ({one.source})" for one in edit.others)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…")


def _redaction(desk: EditDesk, example_id: str, wish: EditWish, seed: int) -> int:
    texts = desk.pair(example_id).texts
    if wish.redact is not None:
        find_mark(texts, wish.redact)
        return desk.place("redact", example_id, wish.redact, {})
    number, equals, value = str(wish.unredact).partition("=")
    if not (number.isdecimal() and equals and value):
        cure = "For example: --unredact 1=help@shop.example"
        raise RecipeError(f"{wish.unredact!r} names no redaction", where="--unredact", cure=cure)
    after = without_redaction(texts, int(number), value, seed=seed)
    return desk.place("unredact", example_id, int(number), after)
