"""A circuit breaker: failures of the service in a row -> the decision to stop asking it."""

import threading

from tunesmith.endpoints.chat_request import ChatFailure, Outcome


class CircuitBreaker:
    """Counts failures of the service in a row; once there are too many it stays open.

    It never closes again: each of these failures was already tried for minutes, and the same
    command goes on where it stopped.
    """

    def __init__(self, most_in_a_row: int) -> None:
        self.most_in_a_row = most_in_a_row
        self._in_a_row = 0
        self.is_open = False
        self._lock = threading.Lock()
        self.has_succeeded = False
        self.last: ChatFailure | None = None

    def note(self, outcome: Outcome) -> None:
        """Count what a service said last to a call."""
        with self._lock:
            if not isinstance(outcome, ChatFailure):
                self.has_succeeded = True
            if not isinstance(outcome, ChatFailure) or not outcome.is_outage:
                self._in_a_row = 0
                return
            self._in_a_row += 1
            self.last = outcome
            if self._in_a_row >= self.most_in_a_row:
                self.is_open = True
