"""What a person types in a terminal -> lines."""

import contextlib
import importlib
from collections.abc import Iterator


def typed_lines() -> Iterator[str]:
    """Lines with editing and history, until Ctrl-D."""
    with contextlib.suppress(ImportError):
        importlib.import_module("readline")
    while True:
        try:
            yield input("> ")
        except EOFError:
            print()
            return
