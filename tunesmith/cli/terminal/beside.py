"""The rows of two previews -> a table of two columns, first rows beside first rows.

In a terminal trained and read parts are told apart by colour, elsewhere by brackets.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from tunesmith.cli.terminal.output import is_coloured, printable
from tunesmith.cli.terminal.preview_text import (
    bracketed,
    coloured,
    legend,
    show_preview,
    tell_left_out,
)

if TYPE_CHECKING:
    from tunesmith.sources.row import Dropped
    from tunesmith.stages.execution.progress import Progress
    from tunesmith.stages.results.prepared import PreviewPiece, PreviewRow

_PLAIN_WIDTH = 140  # characters, where no terminal says how wide it is
_ROWS_SHOWN = 3
_MAX_CHARACTERS = 1200  # of a row


def show_previews(
    names: Sequence[str],
    previews: "Sequence[Iterable[PreviewRow | Dropped]]",
    *,
    limit: int | None,
    is_json: bool,
    progress: "Progress",
) -> None:
    """Print the first rows of one source, or of two side by side; as JSON one after the other.

    Args:
        names: Of the sources.
        previews: As `preview_pieces` yields them.
        limit: Rows of each; if not given 3, and as JSON all.
        is_json: One JSON object a row.
        progress: Told how much was left out.
    """
    if len(previews) == 2 and not is_json:
        show_beside(names, previews, limit=limit or _ROWS_SHOWN, progress=progress)
        return
    for pieces in previews:
        show_preview(pieces, limit=limit, is_json=is_json, progress=progress)


def show_beside(
    names: Sequence[str],
    previews: "Sequence[Iterable[PreviewRow | Dropped]]",
    *,
    limit: int,
    progress: "Progress",
) -> None:
    """Print the first rows of two sources side by side.

    Args:
        names: Of both, for the heads of the columns.
        previews: As `preview_pieces` yields them.
        limit: Rows of each.
        progress: Told how much was left out before the last of them.
    """
    from rich.console import Console

    from tunesmith.sources.row import Dropped

    dropped = Counter[str]()

    def kept(pieces: "Iterable[PreviewRow | Dropped]") -> "Iterator[PreviewRow]":
        for piece in pieces:
            if isinstance(piece, Dropped):
                dropped[piece.reason] += 1
            else:
                yield piece

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
        print(f"--- {legend()}")
    console.print(
        _table(names, *(list(islice(kept(one), limit or _ROWS_SHOWN)) for one in previews))
    )
    tell_left_out(dropped, progress)


def _table(
    names: Sequence[str], left: "Sequence[PreviewRow]", right: "Sequence[PreviewRow]"
) -> Any:
    from rich.table import Table

    table = Table(show_lines=True, expand=True)
    for name in names:
        table.add_column(printable(name), overflow="fold", ratio=1)
    for one, other in zip_longest(left, right):
        table.add_row(_cell(one), _cell(other))
    return table


def _cell(row: "PreviewRow | None") -> Any:
    from rich.text import Text

    if row is None:
        return Text("")
    head = f"{row.source}: {len(row.ids):,} tokens, {sum(row.is_trained):,} trained\n\n"
    pieces, more = _beginning(row.pieces)
    if is_coloured():
        return Text(printable(head), style="dim") + coloured(pieces) + Text(more, style="dim")
    return Text(printable(head) + bracketed(pieces) + more)


def _beginning(pieces: "Sequence[PreviewPiece]") -> "tuple[list[PreviewPiece], str]":
    """As much as can be looked at, and how much is left."""
    shown, room = [], _MAX_CHARACTERS
    for piece in pieces:
        shown.append(replace(piece, text=piece.text[:room]))
        room -= len(shown[-1].text)
    more = sum(len(piece.text) for piece in pieces) - (_MAX_CHARACTERS - room)
    return shown, f"\n[... {more:,} characters more]" if more else ""
