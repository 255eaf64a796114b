"""The answers of several models -> columns in a terminal, sections elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tunesmith.cli.terminal.output import SCHEMA, print_json, printable

if TYPE_CHECKING:
    from tunesmith.stages.results.answer_pieces import AnswerPiece
    from tunesmith.stages.results.answered import Answer

_MIN_WIDTH = 60  # of a terminal; below it, columns would be too narrow to read
_MIN_COLUMN = 18
_FRAME = 7  # lines of a table around its text
_ENDED, _CUT_OFF = "stop", "length"


def show_answers(names: Sequence[str], pieces: "Iterator[AnswerPiece]") -> "list[Answer]":
    """Show answers as they come: side by side where that is wide enough; return them whole."""
    from rich.console import Console

    console = Console(highlight=False)
    num_models = len(names)
    if not console.is_terminal:
        return _show_whole(names, pieces)
    is_wide = console.width >= max(_MIN_WIDTH, _MIN_COLUMN * num_models)
    return (show_columns if is_wide and num_models > 1 else show_sections)(names, pieces)


def _show_whole(names: Sequence[str], pieces: "Iterator[AnswerPiece]") -> "list[Answer]":
    from tunesmith.stages.results.answer_pieces import whole_answers

    answers = []
    for name, answer in zip(names, whole_answers(pieces), strict=True):
        print(f"--- {printable(name)} ({_ending(answer)})")
        print(printable(answer.text), end="\n\n", flush=True)
        answers.append(answer)
    return answers


def show_rows(rows: "Iterable[Mapping[str, Any]]", *, is_json: bool) -> None:
    """Questions of a file with their answers, one below the other, or as JSON one a line."""
    for row in rows:
        if is_json:
            print_json({"schema": SCHEMA, **row})
            continue
        end = {_ENDED: "", _CUT_OFF: " (cut off)"}.get(row["finish_reason"])
        said = printable(row["text"]) if end is not None else f"({row['finish_reason']})"
        print(f"--- {printable(row['question'])}\n{said}{end or ''}\n", flush=True)


def show_sections(names: Sequence[str], pieces: "Iterable[AnswerPiece]") -> "list[Answer]":
    """One answer below the other, each as it is written once it is its turn."""
    shown = _Sections(names)
    for piece in pieces:
        shown.add(piece)
    return shown.answers


def show_columns(names: Sequence[str], pieces: "Iterable[AnswerPiece]") -> "list[Answer]":
    """A column a model, each as it is written; the whole answers stay."""
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    texts = [""] * len(names)
    answers: dict[int, Answer] = {}
    with Live(console=console, transient=True, refresh_per_second=10) as live:
        live.update(_table(names, texts, answers, height=console.height))
        for piece in pieces:
            texts[piece.place] += piece.text
            if piece.answer is not None:
                answers[piece.place] = piece.answer
                texts[piece.place] = piece.answer.text
            live.update(_table(names, texts, answers, height=console.height))
    console.print(_table(names, texts, answers))
    return [answers[place] for place in sorted(answers)]


class _Sections:
    """Prints answers in the order of their models."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._waiting = [""] * len(names)
        self._ended: dict[int, Answer] = {}
        self._current = -1
        self.answers: list[Answer] = []

    def add(self, piece: "AnswerPiece") -> None:
        """Print it, or keep it until it is its model's turn."""
        if self._current < 0:
            self._begin()
        self._waiting[piece.place] += printable(piece.text)
        if piece.answer is not None:
            self._ended[piece.place] = piece.answer
        self._print()

    def _begin(self) -> None:
        self._current += 1
        if self._current < len(self._names):
            print(f"--- {printable(self._names[self._current])}", flush=True)

    def _print(self) -> None:
        while self._current < len(self._names):
            print(self._waiting[self._current], end="", flush=True)
            self._waiting[self._current] = ""
            answer = self._ended.get(self._current)
            if answer is None:
                return
            print(f"\n({_ending(answer)})\n", flush=True)
            self.answers.append(answer)
            self._begin()


def _table(
    names: Sequence[str],
    texts: Sequence[str],
    answers: "dict[int, Answer]",
    *,
    height: int | None = None,
) -> Any:
    """All columns; of one that is taller than the screen, in the meantime, its end."""
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, show_lines=False)
    for place, name in enumerate(names):
        ending = _ending(answers[place]) if place in answers else "..."
        table.add_column(Text(f"{printable(name)}\n{ending}"), overflow="fold", ratio=1)
    cells = [Text(printable(text)) for text in texts]
    if height is not None:
        cells = [_last_lines(cell, num_columns=len(names), height=height) for cell in cells]
    table.add_row(*cells)
    return table


def _last_lines(cell: Any, *, num_columns: int, height: int) -> Any:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    width = max(1, (console.width - 3 * num_columns - 1) // num_columns)
    lines = cell.wrap(console, width, overflow="fold")
    return Text("\n").join(lines[-max(1, height - _FRAME) :])


def _ending(answer: "Answer") -> str:
    if answer.finish_reason not in (_ENDED, _CUT_OFF):
        return printable(answer.finish_reason)
    end = "cut off" if answer.finish_reason == _CUT_OFF else "ended"
    return f"{answer.num_tokens} tokens, {end}"
