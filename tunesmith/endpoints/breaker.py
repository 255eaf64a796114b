"""Failures of the service in a row -> the decision to stop asking it."""

import threading

from tunesmith.endpoints.chat import ChatFailure, Outcome


class Breaker:
    """Counts failures of the service in a row; once there are too many it stays open.

    It never closes again: each of these failures was already tried for minutes, and the same
    command goes on where it stopped.
    """

    def __init__(self, most_in_a_row: int) -> None:
        self.most_in_a_row = most_in_a_row
        self._in_a_row = 0
        self._lock = threading.Lock()
        self.has_succeeded = False
        self.last: ChatFailure | None = None

    @property
    def is_open(self) -> bool:
        """Whether asking has no sense any more."""
        return self._in_a_row >= self.most_in_a_row

    def note(self, outcome: Outcome) -> None:
        """Count the final outcome of a call that was made."""
        with self._lock:
            if not isinstance(outcome, ChatFailure):
                self.has_succeeded = True
            if not isinstance(outcome, ChatFailure) or not outcome.is_outage:
                self._in_a_row = 0
            else:
                self._in_a_row += 1
                self.last = outcome
