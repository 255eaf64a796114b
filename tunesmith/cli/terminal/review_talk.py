"""A desk and a terminal -> answers shown one by one, and what the person types written down."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tunesmith.cli.terminal.output import printable
from tunesmith.errors import DataError

if TYPE_CHECKING:
    from tunesmith.stages.reviewing.review_desk import Remark, ReviewDesk, ReviewRow

_HELP = (
    "r right  w wrong  u unsure  s later  b take the last one back  c what is known so far  q end"
)
Ask = Callable[[str], str]


def talk_through(desk: "ReviewDesk", show_known: Callable[[], None], ask: Ask = input) -> None:
    """Show an answer, hear a letter, write it down, and so on until the person ends it.

    Args:
        desk: Where reviews are written.
        show_known: Prints what is known so far.
        ask: Shows a prompt and returns what was typed; EOFError ends.
    """
    said: list[str] = []
    later: list[str] = []
    print(_HELP)
    while (row := desk.next(skipped=later)) is not None:
        _show(desk, row)
        try:
            letter = ask("r/w/u/s/b/c/q > ").strip().lower()[:1]
            if letter == "q":
                return
            _heed(letter, desk, row, (said, later), ask)
        except EOFError:
            print()
            return
        except DataError as error:
            print(f"error: {error}")
        if letter == "c":
            show_known()
    print("Every answer has been reviewed.")


def _heed(
    letter: str,
    desk: "ReviewDesk",
    row: "ReviewRow",
    kept: tuple[list[str], list[str]],
    ask: Ask,
) -> None:
    from tunesmith.stages.reviewing.review_desk import Remark

    said, later = kept
    name = row.example.id
    if letter in ("r", "u"):
        desk.say(name, Remark(judgement="right" if letter == "r" else "unsure"))
        said.append(name)
    elif letter == "w":
        desk.say(name, _what_is_wrong(desk, row, ask))
        said.append(name)
    elif letter == "s":
        later.append(name)
    elif letter == "b" and said:
        desk.take_back(said.pop())
    elif letter != "c":
        print(_HELP)


def _what_is_wrong(desk: "ReviewDesk", row: "ReviewRow", ask: Ask) -> "Remark":
    from tunesmith.stages.reviewing.review_desk import Remark

    kinds = [*desk.book.kinds]
    for number, kind in enumerate(kinds, start=1):
        print(f"  {number:2} {printable(kind)}")
    kind = _chosen(ask("kind (a number, or a new name) > "), kinds)
    note = ask("first thing wrong (or nothing) > ")
    text = ask("what it should say (= the reference, or nothing) > ")
    correction = row.example.reference if text.strip() == "=" else text
    return Remark(judgement="wrong", kind=kind, note=note, correction=correction)


def _chosen(text: str, kinds: Sequence[str]) -> str:
    """A kind by its number, by the beginning of its name, or new."""
    text = text.strip()
    if text.isdecimal() and 0 < int(text) <= len(kinds):
        return kinds[int(text) - 1]
    begun = [kind for kind in kinds if text and kind.casefold().startswith(text.casefold())]
    return begun[0] if len(begun) == 1 else text


def _show(desk: "ReviewDesk", row: "ReviewRow") -> None:
    done = len(desk.reviewed())
    print(f"\n── {done + 1} of {len(desk.rows)} · {printable(row.example.source)}")
    for message in row.example.prompt:
        text = "\n".join(filter(None, (message.content, message.input)))
        print(f"{message.role}: {printable(text)}")
    print(f"answer: {printable(row.text) or '(nothing)'}")
    print(f"reference: {printable(row.example.reference)}")
    if row.answered.signs:
        print(f"signs: {', '.join(sorted(row.answered.signs))}")
