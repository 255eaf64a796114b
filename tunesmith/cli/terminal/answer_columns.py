"""The answers of several models -> columns in a terminal, sections elsewhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tunesmith.cli.terminal.output import printable

if TYPE_CHECKING:
    from tunesmith.stages.results.answered import Answer


def show_sections(answers: "Iterable[Answer]") -> None:
    """One answer below the other, each as soon as it is there."""
    for answer in answers:
        print(f"--- {printable(answer.model)} ({_ending(answer)})")
        print(printable(answer.text), end="\n\n", flush=True)


def show_columns(answers: "list[Answer]") -> None:
    """A column a model, in a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, show_lines=False)
    for answer in answers:
        head = f"{printable(answer.model)}\n{_ending(answer)}"
        table.add_column(Text(head), overflow="fold", ratio=1)
    table.add_row(*(Text(printable(answer.text)) for answer in answers))
    Console(highlight=False).print(table)


def _ending(answer: "Answer") -> str:
    end = "cut off" if answer.finish_reason == "length" else "ended"
    return f"{answer.num_tokens} tokens, {end}"
