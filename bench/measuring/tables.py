"""A session -> every table by name, in the order of the page."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from measuring.answering import measure_answering
from measuring.held_out import measure_held_out
from measuring.preparing import measure_growth, measure_preparing
from measuring.session import Session
from measuring.starting import measure_starts
from measuring.training_tables import TRAINING_TABLES, training_measurements

Figures = dict[str, Any]
_OTHERS: Mapping[str, Callable[[Session], Figures]] = {
    "held-out-loss": measure_held_out,
    "start": measure_starts,
    "answering": measure_answering,
    "preparing": measure_preparing,
    "growth": measure_growth,
}
NAMES = (*TRAINING_TABLES, *_OTHERS)


def measurements(session: Session) -> Mapping[str, Callable[[], Figures]]:
    """Each table, ready to be measured."""
    others = {name: partial(measure, session) for name, measure in _OTHERS.items()}
    return {**training_measurements(session), **others}
