"""A session -> every table by name, in the order of the page."""

from collections.abc import Callable, Mapping
from typing import Any

from measuring.session import Session
from measuring.training_tables import TRAINING_TABLES, training_measurements

Figures = dict[str, Any]
NAMES = (*TRAINING_TABLES,)


def measurements(session: Session) -> Mapping[str, Callable[[], Figures]]:
    """Each table, ready to be measured."""
    return {**training_measurements(session)}
