"""A moment as a file writes it (a number, ISO, `05-Jan-26 10:00 AM`, a clock) -> seconds."""

import datetime
import re

_FORMATS = (
    "%d-%b-%y %I:%M %p",
    "%d-%b-%Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%y %H:%M",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %I:%M %p",
    "%B %d %Y %I:%M %p",
    "%A %B %d %Y %I:%M %p",
    "%A %d %B %Y %H:%M",
    "%a %b %d %H:%M:%S %z %Y",
)
_CLOCK = re.compile(
    r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>\d\d)(?:[.,](?P<f>\d{1,3}))?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?",
    re.IGNORECASE,
)


def unix_seconds(value: object) -> float | None:
    """Unix time of a number of seconds, milliseconds or microseconds, or of a written date."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _written_seconds(text)
    while abs(number) > 1e11:  # the year 5138
        number /= 1000
    return number


def clock_seconds(text: str) -> float | None:
    """Seconds since a recording began, or since midnight, of `00:01:02` or `10:05 AM`."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match["h"] or 0), int(match["m"]), int(match["s"])
    if match["half"] and match["h"] is None:
        hours, minutes, seconds = minutes, seconds, 0
    if match["half"]:
        hours = hours % 12 + (12 if match["half"].lower() == "p" else 0)
    return hours * 3600.0 + minutes * 60 + seconds + float(f"0.{match['f'] or 0}")


def _written_seconds(text: str) -> float | None:
    moment = _iso(text)
    bare = re.sub(r"[\s,]+", " ", text)
    for form in _FORMATS:
        if moment is not None:
            break
        try:
            moment = datetime.datetime.strptime(bare, form)
        except ValueError:
            continue
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


def _iso(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(re.sub(r",\s*", " ", text, count=1))
    except ValueError:
        return None
