"""A library's own bars -> none for a while: who wants to watch is told by our progress."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from transformers.utils import logging


@contextmanager
def without_library_bars() -> Iterator[None]:
    """Transformers shows no bar within the block; the user's setting is as it was after it."""
    before = logging.set_tqdm_hook(_no_bar)
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)


def _no_bar(_: Any, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return logging.EmptyTqdm(*given, **named)
