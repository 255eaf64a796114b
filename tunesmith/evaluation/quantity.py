"""Text -> the number that it is, with its unit: `$1,200`, `1.200,50 €`, `1 1/2 km`, `5 万元`.

Commas and points are read as English has them where both readings are possible (1,500 is
fifteen hundred, 1.500 is one and a half); numbers are exact.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from tunesmith.sources.lexicon import lexicon

_DIGITS = r"(?:\d(?:[.,'’_]?\d|[ \u00a0](?=\d{3}(?!\d))\d){0,60}|\.\d{1,60})"
_TIMES_TEN = r"\s*[×x*]\s*10\s*\^\s*\(?(?P<power>-?\d{1,3})\)?"
_NUMBER = re.compile(
    rf"(?P<minus>[-+]\s?)?(?P<currency>[$€£¥]\s?)?(?P<behind>[-+])?(?P<whole>{_DIGITS})"
    rf"(?:\s(?P<above>\d{{1,6}})/(?P<below>\d{{1,6}})|\s?/\s?(?P<divisor>{_DIGITS})"
    rf"|e(?P<exponent>[-+]?\d{{1,3}})\b|{_TIMES_TEN})?(?![\d.,]*\d)"
)
_STARTS = re.compile(rf"(?:(?<![\w)])-)?(?:[$€£¥]\s?)?(?<![A-Za-z\d_.,(\[]){_DIGITS}")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}")
_PERCENT_BEFORE = re.compile(r"百分之\s*(\d[\d.]{0,20})")
_IN_WORD = re.compile("[a-zA-Z]{2}")
_NO_UNIT = re.compile(r"[\d=+*/^<>|:\\×÷]")
_OPERATOR = re.compile(r"[\w)]\s*[-+*/×÷^]\s*$|^\s*[+*/×÷^]\s*$")
_MARKS = " .,;:!?。！？()[]\"'“”"
_LONG_WORD = 4  # letters; shorter words are of, per, the


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number, and the units that what stands behind it may mean; none where nothing does."""

    value: Fraction
    units: frozenset[str] = frozenset()

    def agrees_with(self, other: "Quantity") -> bool:
        """Whether both say the same; a unit that one of them leaves out is no difference."""
        if self.units and other.units:
            return self.value == other.value and bool(self.units & other.units)
        return not self._readings().isdisjoint(other._readings())

    def _readings(self) -> set[Fraction]:
        """The value; of 25 % both 25 and a quarter, of 0.25 % only 0.0025."""
        if "%" not in self.units:
            return {self.value}
        return {self.value / 100} | ({self.value} if abs(self.value) > 1 else set())


def read_quantity(text: str) -> Quantity | None:
    """The quantity that a whole text is; None where it is anything else."""
    text = _with_signs(text.strip().rstrip(_MARKS))
    match = _NUMBER.match(text)
    value = match and _value(match)
    if not match or value is None:
        return None
    power, rest = _scale(text[match.end() :].strip())
    units = _units((match["currency"] or rest).strip(_MARKS).casefold())
    return None if units is None else Quantity(value=value * 10**power, units=units)


def last_quantity(text: str) -> Quantity | None:
    """The last number of a sentence; None where it is one of two, as in `5 or 6` and `7 + 1`."""
    text = _with_signs(text)
    found = list(_STARTS.finditer(text))
    if not found:
        return None
    before = text[found[-2].end() if len(found) > 1 else 0 : found[-1].start()]
    is_part = _OPERATOR.search(before) or (len(found) > 1 and _joins().fullmatch(before))
    return None if is_part else read_quantity(text[found[-1].start() :])


def _with_signs(text: str) -> str:
    return _PERCENT_BEFORE.sub(r"\1%", _minus().sub("-", text))


def _value(match: re.Match[str]) -> Fraction | None:
    value, divisor = _number(match["whole"]), _number(match["divisor"] or match["below"] or "1")
    if value is None or not divisor:
        return None
    if match["above"]:
        value += Fraction(int(match["above"])) / divisor
    else:
        value /= divisor
    value *= Fraction(10) ** int(match["exponent"] or match["power"] or 0)
    return -value if "-" in f"{match['minus']}{match['behind']}" else value


def _number(digits: str) -> Fraction | None:
    """The value of digits with the marks between them; None where they are no number."""
    bare = re.sub(r"['’_ \u00a0]", ",", digits)
    commas, points = bare.count(","), bare.count(".")
    if bare.rfind(",") > bare.rfind(".") and (
        points or (commas == 1 and not _GROUPED.fullmatch(bare))
    ):
        bare = bare.translate({ord(","): ".", ord("."): ","})  # the comma is the decimal one
    elif points > 1 and not commas:
        bare = bare.replace(".", ",")
    whole, _, decimals = bare.partition(".")
    is_grouped = "," not in whole or _GROUPED.fullmatch(whole)
    if not is_grouped or not f"0{decimals}".isdecimal():
        return None
    return Fraction(f"{whole.replace(',', '') or 0}.{decimals or 0}")


def _scale(rest: str) -> tuple[int, str]:
    """The power of ten that a number is multiplied by, and what follows; a unit is no scale."""
    known = {**dict.fromkeys(_unit_names(), ""), **_scales()}
    name = _first_of(rest.casefold(), known)
    return (int(known[name]), rest[len(name) :].strip()) if name and known[name] else (0, rest)


def _units(rest: str) -> frozenset[str] | None:
    """What may be meant by the text behind a number; None where it goes on with more numbers."""
    name = _first_of(rest, _unit_names())
    if name and not rest[len(name) : len(name) + 1].isdigit():
        return _unit_names()[name]
    if _NO_UNIT.search(rest):
        return None
    words = [word.strip(_MARKS).rstrip("s") for word in rest.split()]
    long = [word for word in words if len(word) >= _LONG_WORD]
    return frozenset(long or [word for word in words if word])


def _first_of(text: str, names: Mapping[str, object]) -> str:
    """The longest name that a text begins with, as a whole word where it has letters of ours."""
    lengths = range(min(len(text), _longest_name()), 0, -1)
    fitting = (n for n in lengths if text[:n] in names and not _IN_WORD.match(text, n - 1))
    return text[: next(fitting, 0)]


@cache
def _unit_names() -> Mapping[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for unit, called in _parted("units"):
        for name in called:
            names[name] = names.get(name, frozenset()) | {unit}
    return names


@cache
def _scales() -> Mapping[str, str]:
    return {name: power for power, called in _parted("scales") for name in called}


@cache
def _longest_name() -> int:
    return max(map(len, [*_unit_names(), *_scales()]))


def _parted(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from lexicon(__package__).lists[name].items()


@cache
def _minus() -> re.Pattern[str]:
    words = lexicon(__package__).either("minus")
    return re.compile(rf"(?<![A-Za-z])(?:{words})\s?(?=[$€£¥]?\.?\d)", re.IGNORECASE)


@cache
def _joins() -> re.Pattern[str]:
    words = lexicon(__package__).either("joins")
    return re.compile(rf"\s*(?:[~,;:&-]|{words})\s*", re.IGNORECASE)
