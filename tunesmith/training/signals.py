"""SIGTERM or Ctrl-C -> a flag that the training loop reads after each step.

The first signal lets the step finish and the state be saved; the second ends the process
at once (143 or 130), and the last checkpoint stands.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from tunesmith.errors import StoppedError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class StopRequest:
    """The signal that asked to stop, if one has."""

    number: int | None = None

    def error(self, where: str) -> StoppedError:
        """The error that ends the run after its state is saved at `where`."""
        name = signal.Signals(self.number or signal.SIGTERM).name
        return StoppedError(
            f"stopped by {name}; saved {where}", is_interrupt=self.number == signal.SIGINT
        )


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Collect stop signals within the block; outside the main thread none can be."""
    request = StopRequest()

    def on_signal(number: int, _: FrameType | None) -> None:
        if request.number is not None:
            os._exit(128 + number)
        request.number = number

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
