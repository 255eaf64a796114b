"""The rows of `tunesmith preview` -> text in which trained and read parts are told apart.

In a terminal by colour; elsewhere by brackets, which are escaped where the text holds them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tunesmith.cli.terminal.output import SCHEMA, is_coloured, print_json, printable

if TYPE_CHECKING:
    from rich.text import Text

    from tunesmith.sources.row import Dropped
    from tunesmith.stages.execution.progress import Progress
    from tunesmith.stages.results.prepared import PreviewPiece, PreviewRow

_BRACKETS = {
    (True, True): ("⟦", "⟧"),
    (True, False): ("⟦·", "·⟧"),
    (False, True): ("⟨", "⟩"),
    (False, False): ("", ""),
}
_STYLES = {
    (True, True): "bold green",
    (True, False): "black on green",
    (False, True): "default",
    (False, False): "dim cyan",
}
_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "⟦⟧⟨⟩"}

_ROWS_SHOWN = 3
_DROPPED_SHOWN = 10


def show_preview(
    pieces: "Iterable[PreviewRow | Dropped]",
    *,
    limit: int | None,
    is_json: bool,
    progress: "Progress",
) -> None:
    """Print rows up to a limit; what was left out before the last of them is told too.

    As JSON a line is a row, so there what was left out is only counted, on stderr.

    Args:
        pieces: As `preview_pieces` yields them.
        limit: Rows; None is all as JSON, and 3 for people.
        is_json: One JSON object a row.
        progress: Told how much was left out where not all of it was shown.
    """
    from tunesmith.sources.row import Dropped

    shown = limit if limit or is_json else _ROWS_SHOWN
    num_rows, dropped = 0, Counter[str]()
    for piece in pieces:
        if isinstance(piece, Dropped):
            dropped[piece.reason] += 1
            if not is_json and dropped.total() <= _DROPPED_SHOWN:
                _show_dropped(piece)
            continue
        num_rows += 1
        _show(piece, is_json=is_json)
        if num_rows == shown:
            break
    if is_json or dropped.total() > _DROPPED_SHOWN:
        tell_left_out(dropped, progress)


def show_row(row: "PreviewRow") -> None:
    """Print one row: a line about it, then its text."""
    trained = sum(row.is_trained)
    head = f"{row.source}  {row.id[:12]}  {len(row.ids):,} tokens, {trained:,} trained"
    if hidden := row.redacted:
        head += f"  (hidden: {', '.join(f'{count} {kind}' for kind, count in hidden.items())})"
    if is_coloured():
        _show_colours(head, row.pieces)
        return
    print(f"--- {printable(head)}")
    print(f"--- {legend()}")
    print(bracketed(row.pieces), end="\n\n", flush=True)


def bracketed(pieces: "Sequence[PreviewPiece]") -> str:
    """The text with its trained and its written parts in brackets."""
    marked = []
    for one in pieces:
        left, right = _BRACKETS[one.is_trained, one.is_content] if one.text else ("", "")
        marked.append(f"{left}{printable(one.text).translate(_ESCAPES)}{right}")
    return "".join(marked)


def legend() -> str:
    """What the brackets mean."""
    return "⟦trained⟧ ⟦·trained, from the template·⟧ ⟨read⟩ and, bare, read from the template"


def _show_colours(head: str, pieces: "Sequence[PreviewPiece]") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.rule(Text(printable(head)), style="dim", align="left")
    console.print(coloured(pieces), end="\n\n")
    console.print(_colour_legend(), end="\n\n")


def coloured(pieces: "Sequence[PreviewPiece]") -> "Text":
    """The text with its trained and its written parts in colours."""
    from rich.text import Text

    text = Text()
    for one in pieces:
        words = printable(one.text)
        style = _STYLES[one.is_trained, one.is_content]
        text.append(words.replace("\n", "↵\n") if one.is_trained else words, style)
    return text


def _colour_legend() -> Any:
    from rich.text import Text

    words = {
        "trained": (True, True),
        "trained, from the template": (True, False),
        "read": (False, True),
        "read, from the template": (False, False),
    }
    parts = [(name, _STYLES[key]) for name, key in words.items()]
    return Text("  ").join(Text(name, style) for name, style in parts)


def _show(row: "PreviewRow", *, is_json: bool) -> None:
    if is_json:
        print_json({"schema": SCHEMA, **row.to_dict()})
    else:
        show_row(row)


def _show_dropped(piece: "Dropped") -> None:
    print(printable(f"--- {piece.source}  left out: {piece.reason}: {piece.detail}"))
    print(printable(piece.text), end="\n\n", flush=True)


def tell_left_out(dropped: Counter[str], progress: "Progress") -> None:
    """Say how many pieces were left out, and why."""
    if dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())
        progress.note(f"{dropped.total():,} pieces were left out ({reasons})")
