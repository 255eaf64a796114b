"""The rows of `tunesmith preview`, and what was left out between them -> stdout."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tunesmith.cli.terminal.output import SCHEMA, print_json, printable
from tunesmith.cli.terminal.preview_text import show_row

if TYPE_CHECKING:
    from tunesmith.sources.row import Dropped
    from tunesmith.stages.execution.progress import Progress

_ROWS_SHOWN = 3
_DROPPED_SHOWN = 10
_ROW_KEYS = ("id", "source", "text", "ids", "is_trained", "prompt_ids")


def show_pieces(
    pieces: "Iterable[Mapping[str, Any] | Dropped]",
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
    shown = limit if limit or is_json else _ROWS_SHOWN
    num_rows, dropped = 0, Counter[str]()
    for piece in pieces:
        if not isinstance(piece, Mapping):
            dropped[piece.reason] += 1
            if not is_json and dropped.total() <= _DROPPED_SHOWN:
                _show_dropped(piece)
            continue
        num_rows += 1
        _show(piece, is_json=is_json)
        if num_rows == shown:
            break
    if is_json or dropped.total() > _DROPPED_SHOWN:
        _tell(dropped, progress)


def _show(row: Mapping[str, Any], *, is_json: bool) -> None:
    if is_json:
        print_json({"schema": SCHEMA, **{key: row[key] for key in _ROW_KEYS}})
    else:
        show_row(row)


def _show_dropped(piece: "Dropped") -> None:
    print(printable(f"--- {piece.source}  left out: {piece.reason}: {piece.detail}"))
    print(printable(piece.text), end="\n\n", flush=True)


def _tell(dropped: Counter[str], progress: "Progress") -> None:
    if dropped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())
        progress.note(f"{dropped.total():,} pieces were left out ({reasons})")
