"""A run's log, read from its last byte on -> its curves as SVG, its speed and the time left.

A drawing has no style of its own: classes of the studio's page colour it, light and dark.
"""

import os
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from math import floor, isfinite, log10
from pathlib import Path

import orjson

_MOST_POINTS = 300  # of a line
_RECENT = 40  # steps that the speed is taken from
_WIDTH, _LEFT, _RIGHT = 760, 80, 14
_LOSS = (12, 262)  # top and bottom of the panels
_RATE = (296, 356)
_HEIGHT = 384
_TICKS = 4


@dataclass(slots=True)
class LogCurves:
    """What a log holds so far, a number a place.

    Attributes:
        steps, losses, rates: Of training.
        validation_steps, validation_losses: Of validation.
        seconds, tokens: Spent and seen, of the newest steps.
        num_unread: Lines that were no record.
    """

    steps: array = field(default_factory=lambda: array("q"))  # type: ignore[type-arg]
    losses: array = field(default_factory=lambda: array("d"))  # type: ignore[type-arg]
    rates: array = field(default_factory=lambda: array("d"))  # type: ignore[type-arg]
    validation_steps: array = field(default_factory=lambda: array("q"))  # type: ignore[type-arg]
    validation_losses: array = field(default_factory=lambda: array("d"))  # type: ignore[type-arg]
    seconds: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    num_unread: int = 0

    @property
    def step(self) -> int:
        """The newest."""
        return self.steps[-1] if self.steps else 0

    @property
    def step_seconds(self) -> float | None:
        """Of one step, lately."""
        return (
            _per(self.seconds[-1] - self.seconds[0], len(self.seconds) - 1) if self.steps else None
        )

    @property
    def tokens_per_second(self) -> float | None:
        """Lately."""
        if len(self.tokens) < 2:
            return None
        return _per(self.tokens[-1] - self.tokens[0], self.seconds[-1] - self.seconds[0])

    def add(self, line: bytes) -> None:
        """Take in one line."""
        try:
            record = orjson.loads(line)
            step, loss = int(record["step"]), float(record["loss"])
            if record["split"] == "validation":
                self.validation_steps.append(step)
                self.validation_losses.append(loss)
                return
            spent, seen = float(record["seconds"]), int(record["tokens_seen"])
            rate = float(record.get("learning_rate") or 0.0)
        except (KeyError, TypeError, ValueError):
            self.num_unread += bool(line.strip())
            return
        for numbers, value in ((self.steps, step), (self.losses, loss), (self.rates, rate)):
            numbers.append(value)
        self.seconds = [*self.seconds[-_RECENT:], spent]
        self.tokens = [*self.tokens[-_RECENT:], seen]


class LogReader:
    """Logs that grow: each question reads what has come since the last one.

    What is kept is found again in the file: a log that was begun anew is read anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[int, int, LogCurves]] = {}

    def curves(self, path: Path) -> LogCurves:
        """A log's curves; empty where there is none yet."""
        with self._lock:
            try:
                with path.open("rb") as stream:
                    return self._read_on(path, stream)
            except OSError:
                self._read.pop(path, None)
                return LogCurves()

    def _read_on(self, path: Path, stream: object) -> LogCurves:
        about = os.fstat(stream.fileno())  # type: ignore[attr-defined]
        inode, offset, curves = self._read.get(path, (about.st_ino, 0, LogCurves()))
        if inode != about.st_ino or about.st_size < offset:
            offset, curves = 0, LogCurves()
        stream.seek(offset)  # type: ignore[attr-defined]
        for line in stream:  # type: ignore[attr-defined]
            if not line.endswith(b"\n"):
                break  # it is being written
            curves.add(line)
            offset += len(line)
        self._read[path] = (about.st_ino, offset, curves)
        return curves


def training_svg(curves: LogCurves, *, num_steps: int | None, label: str) -> str:
    """Loss of training and validation above, learning rate below; empty without a line.

    Args:
        curves: Of the log.
        num_steps: Of the whole training, so that one sees how far it is.
        label: What it says to those who do not see it.
    """
    if not curves.steps and not curves.validation_steps:
        return ""
    width = max(num_steps or 0, curves.step, *curves.validation_steps[-1:], 1)
    train = list(_thinned(curves.steps, curves.losses))
    validation = list(_thinned(curves.validation_steps, curves.validation_losses))
    losses = [loss for _, loss in (*train, *validation) if isfinite(loss)]
    rates = list(_thinned(curves.steps, curves.rates))
    loss_panel = _Panel(
        width=width, ends=_LOSS, low=min(losses, default=0.0), high=max(losses, default=1.0)
    )
    rate_panel = _Panel(
        width=width, ends=_RATE, low=0.0, high=max((r for _, r in rates), default=0.0)
    )
    parts = [
        *loss_panel.axis(_ticks(loss_panel.low, loss_panel.high)),
        *rate_panel.axis([0.0, rate_panel.high]),
        loss_panel.line(train, "train"),
        loss_panel.line(validation, "validation"),
        *loss_panel.dots(validation[-40:], "validation"),
        rate_panel.line(rates, "rate"),
        *_steps_axis(width),
    ]
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(label, quote=True)}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Where values stand on the paper."""

    width: int
    ends: tuple[int, int]
    low: float
    high: float

    def at(self, step: float, value: float) -> str:
        """A point's place."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        top, bottom = self.ends
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self.width
        return f"{x:.1f},{bottom - share * (bottom - top):.1f}"

    def line(self, points: Sequence[tuple[float, float]], name: str) -> str:
        """A curve; what is not finite is a gap at its end."""
        places = " ".join(self.at(step, value) for step, value in points if isfinite(value))
        return f'<polyline class="{name}" points="{places}"/>' if places else ""

    def dots(self, points: Sequence[tuple[float, float]], name: str) -> Iterator[str]:
        """Its points."""
        for step, value in points:
            if isfinite(value):
                x, y = self.at(step, value).split(",")
                yield f'<circle class="{name}" cx="{x}" cy="{y}" r="4"/>'

    def axis(self, ticks: Sequence[float]) -> Iterator[str]:
        """Lines across, with their values."""
        for tick in ticks:
            y = self.at(0, tick).split(",")[1]
            yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
            yield _text(_LEFT - 8, float(y) + 5, "end", f"{tick:.3g}")


def _steps_axis(width: int) -> Iterator[str]:
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * share
        yield _text(x, _HEIGHT - 6, anchor, f"{round(width * share):,}")


def _text(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """A few round values between two."""
    if not high > low:
        return [low]
    rough = (high - low) / _TICKS
    size = 10.0 ** floor(log10(rough))
    step = next(size * one for one in (1, 2, 5, 10) if size * one >= rough)
    first = -floor(-low / step)
    return [at * step for at in range(first, floor(high / step) + 1)]


def _thinned(steps: Sequence[int], values: Sequence[float]) -> Iterator[tuple[float, float]]:
    """At most some points: the mean of each window."""
    size = max(1, -(-len(steps) // _MOST_POINTS))
    for start in range(0, len(steps), size):
        part = values[start : start + size]
        yield steps[min(start + size, len(steps)) - 1], sum(part) / len(part)


def _per(amount: float, number: float) -> float | None:
    return amount / number if number > 0 else None
