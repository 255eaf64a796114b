"""Numbers -> the text that people read, the same in every page and terminal."""

from typing import Any
from unicodedata import east_asian_width

from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.evaluation.verdict import metric_title
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import Plural, translate

NOTHING = "–"
MINUS = "−"
_GRADED = Plural("{count:,} row, {failed:,} failed", "{count:,} rows, {failed:,} failed")
_NOUNS = {
    "row": Plural("{count:,} row", "{count:,} rows"),
    "test row": Plural("{count:,} test row", "{count:,} test rows"),
    "training row": Plural("{count:,} training row", "{count:,} training rows"),
    "pair": Plural("{count:,} pair", "{count:,} pairs"),
    "step": Plural("{count:,} step", "{count:,} steps"),
    "seed": Plural("{count:,} seed", "{count:,} seeds"),
    "thread": Plural("{count:,} thread", "{count:,} threads"),
    "more source": Plural("{count:,} more source", "{count:,} more sources"),
}


def shown_title(metric: str) -> str:
    """A metric's name as people write it, in the language of now."""
    return as_shown(metric_title(metric))


def digits_of(metric: str) -> int:
    """Digits after the point: scores from 0 to 100 take one, the loss three."""
    return 3 if metric == "loss" else 1


def number(value: float | None, digits: int = 1) -> str:
    """A number with a fixed count of digits after the point, or a dash."""
    if value is None:
        return NOTHING
    written = f"{value:,.{digits}f}"
    if float(written.replace(",", "")) == 0:
        written = written.removeprefix("-")
    return written.replace("-", MINUS)


def signed(value: float | None, digits: int = 1) -> str:
    """A difference with its sign."""
    if value is None:
        return NOTHING
    written = number(value, digits)
    return written if written.startswith(MINUS) else f"+{written}"


def interval(low: float | None, high: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """`12.0 to 15.5`, or a dash where there is none."""
    if low is None or high is None:
        return NOTHING
    write = signed if sign else number
    return translate("{low} to {high}", low=write(low, digits), high=write(high, digits))


def rows_text(score: Score) -> str:
    """`110 rows, 2 failed`."""
    return _GRADED.of(score.count, failed=score.failed)


def p_text(comparison: Comparison) -> str:
    """`p = 0.012`, never more exact than it was measured."""
    if comparison.p_value is None:
        return NOTHING
    return "p < 0.001" if comparison.p_value < 0.001 else f"p = {comparison.p_value:.3f}"


def padded(text: str, width: int) -> str:
    """A text with blanks behind it; a Chinese character takes two columns of a terminal."""
    return text + " " * (width - width_of(text))


def width_of(text: str) -> int:
    """Columns of a terminal."""
    return sum(1 + (east_asian_width(character) in "WF") for character in text)


def duration(seconds: float) -> str:
    """`45.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 59.95:
        return translate("{seconds:.1f} s", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return translate("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return translate("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def counted(count: int, noun: str) -> str:
    """`1 row`, `1,200 rows`."""
    if noun in _NOUNS:
        return _NOUNS[noun].of(count)
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def flat_items(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as `a.b.c` and its value as text, in their order."""
    if isinstance(value, dict) and value:
        return [
            item
            for key, inner in value.items()
            for item in flat_items(inner, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return [
            item
            for index, inner in enumerate(value)
            for item in flat_items(inner, f"{prefix}[{index}]")
        ]
    return [(prefix, _setting(value))]


def _setting(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_setting(inner) for inner in value) or "[]"
    return "{}" if value == {} else str(value)
