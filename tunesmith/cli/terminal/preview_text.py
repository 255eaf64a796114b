"""A row of `tunesmith preview` -> text in which trained and read parts are told apart.

In a terminal by colour; elsewhere by brackets, which are escaped where the text holds them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.cli.terminal.output import is_coloured, printable

Piece = tuple[str, bool, bool]  # text, is_trained, is_content

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


def show_row(row: Mapping[str, Any]) -> None:
    """Print one row: a line about it, then its text."""
    trained = sum(bool(flag) for flag in row["is_trained"])
    head = f"{row['source']}  {row['id'][:12]}  {len(row['ids']):,} tokens, {trained:,} trained"
    if hidden := row.get("redacted"):
        head += f"  (hidden: {', '.join(f'{count} {kind}' for kind, count in hidden.items())})"
    if is_coloured():
        _show_colours(head, row["pieces"])
        return
    print(f"--- {printable(head)}")
    print(f"--- {legend()}")
    print(bracketed(row["pieces"]), end="\n\n", flush=True)


def bracketed(pieces: Sequence[Piece]) -> str:
    """The text with its trained and its written parts in brackets."""
    marked = []
    for text, is_trained, is_content in pieces:
        left, right = _BRACKETS[bool(is_trained), bool(is_content)] if text else ("", "")
        marked.append(f"{left}{printable(text).translate(_ESCAPES)}{right}")
    return "".join(marked)


def legend() -> str:
    """What the brackets mean."""
    return "⟦trained⟧ ⟦·trained, from the template·⟧ ⟨read⟩ and, bare, read from the template"


def _show_colours(head: str, pieces: Sequence[Piece]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.rule(Text(printable(head)), style="dim", align="left")
    text = Text()
    for words, is_trained, is_content in pieces:
        style = _STYLES[bool(is_trained), bool(is_content)]
        text.append(
            printable(words).replace("\n", "↵\n") if is_trained else printable(words), style
        )
    console.print(text, end="\n\n")
    console.print(_colour_legend(), end="\n\n")


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
