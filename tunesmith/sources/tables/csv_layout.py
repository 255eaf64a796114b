"""The beginning of a table of text -> its delimiter and the line that names its columns.

Above that line exports put titles, dates and comments, below it units. Where no line names them,
the columns are called by their numbers; a first line that looks like the others is doubted.
"""

import csv
import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.lines import split_lines

DELIMITERS = (",", ";", "\t", "|")
WHOLE_LINES = "\x1f"  # between the columns of a table that has but one
_SEPARATOR_LINE = re.compile(r'"?sep=(\\t|.)"?', re.IGNORECASE)
_SAMPLED = 40  # records
_MOST_ABOVE = 10  # records above the names
_FEW_ABOVE = 3  # of which as full as they are
_BLANKS = " \t\r\n\ufeff\u200b\u200e\u200f\xa0"
_SENTENCE = re.compile(r"\S.*[?？؟;.。!！।][\s'\"”»)]*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d[\d.,:/ %€$-]*")
_FRAME = re.compile(r"[-=+:| ]+")
_BRACKETED = re.compile(r"[\[(<][^\])>]*[\])>]")
_NUMBERED = re.compile(r"column (\d+)")
_MANY_WORDS = 5  # in a cell that names nothing

Record = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout:
    """How a table of text is to be read.

    Attributes:
        delimiter: Between cells.
        first_line: Where the table begins: 2 below a line that names the delimiter.
        num_above: Records above the one that names the columns.
        num_below: Records of units below it.
        header: The names of all columns.
        has_names: Whether a record names them; else they are called `column 1` and so on.
        is_doubtful: Whether that record looks like content.
        share: Of the sampled records from the names on, how many are as wide.
        num_known: How many names are usual ones.
        num_rows: Sampled records below the names.
    """

    delimiter: str
    first_line: int = 1
    num_above: int = 0
    num_below: int = 0
    header: tuple[str, ...] = ()
    has_names: bool = True
    is_doubtful: bool = False
    share: float = 1.0
    num_known: int = 0
    num_rows: int = 0


def find_table_layout(
    head: bytes, *, delimiter: str | None = None, named: Collection[str] = ()
) -> CsvLayout:
    """The layout of a table.

    Args:
        head: Its beginning, as UTF-8; the last line may be cut.
        delimiter: Where it is known.
        named: Columns that the recipe names: as the table does, or by number as `column 2`.
    """
    lines = [line.data.decode("utf-8", "replace") for line in split_lines([head])]
    lines = lines[:-1] if len(lines) > _SAMPLED else lines  # which may be cut
    separator = _SEPARATOR_LINE.fullmatch(lines[0].strip()) if lines else None
    if separator:
        delimiter = separator[1].replace("\\t", "\t")
        return replace(_layout(lines[1:], delimiter, named), first_line=2)
    if delimiter is not None:
        return _layout(lines, delimiter, named)
    found = [_layout(lines, one, named) for one in DELIMITERS]
    wide = [one for one in found if len(one.header) > 1 and (one.share > 0.5 or one.num_known > 1)]
    if not wide:
        return _layout(lines, WHOLE_LINES, named)
    return max(wide, key=lambda one: (one.num_known > 0, one.share, len(one.header)))


def is_column_name(name: str) -> bool:
    """Whether columns are usually called so, letter case, blanks, hyphens and colons aside."""
    words = name.strip(_BLANKS + ":").casefold()
    return words.replace("_", " ").replace("-", " ") in _names()


def column_number(name: str) -> int | None:
    """Of `column 2`: 2."""
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else None


def records_of(
    lines: Iterable[str], delimiter: str, *, first_line: int = 1
) -> Iterator[tuple[int, Record | csv.Error]]:
    """Records with the line they begin in; those without text are left out.

    A faulty record comes as its error; one whose quote is never closed is the last.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + first_line
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
            if is_unclosed(error):
                return
            continue
        if any(record):
            yield line, [cell.strip() for cell in record] if delimiter == "|" else record


def is_frame(record: Record) -> bool:
    """Whether a line only frames a table, as Markdown and databases draw them."""
    line = "".join(record)
    return line.count("-") + line.count("=") > 2 and bool(_FRAME.fullmatch(line))


def is_unclosed(error: csv.Error) -> bool:
    """Whether a record is faulty because its quote is never closed."""
    return "unexpected end of data" in str(error) or "field larger" in str(error)


def _layout(lines: Sequence[str], delimiter: str, named: Collection[str]) -> CsvLayout:
    records = _sampled(lines, delimiter)
    if not records:
        return CsvLayout(delimiter=delimiter)
    widths = Counter(len(record) for record in records)
    width = max(widths, key=lambda one: (widths[one], one))
    place = _place_of_names(records, width, named)
    names = [cell.strip(_BLANKS) for cell in records[place]]
    header = tuple(name or f"column {number}" for number, name in enumerate(names, start=1))
    rest = records[place + 1 :]
    layout = CsvLayout(
        delimiter=delimiter,
        header=header,
        share=sum(_fits(one, header) for one in rest) / len(rest) if rest else 1.0,
        num_known=len(set(filter(is_column_name, names))),
        num_rows=len(rest),
    )
    is_named = not set(named).isdisjoint(header)
    numbers = [number for name in named if (number := column_number(name))]
    if numbers and not is_named:
        header = tuple(f"column {number}" for number in range(1, max(width, *numbers) + 1))
        return replace(layout, header=header, has_names=False)
    is_named = is_named or layout.num_known > 0
    return replace(
        layout,
        num_above=place,
        num_below=int(is_named and bool(rest) and _is_below_names(rest[0])),
        is_doubtful=not is_named and _is_content(names, rest),
    )


def _sampled(lines: Sequence[str], delimiter: str) -> list[Record]:
    """The first records, without one that is cut; a faulty one is empty."""
    records = list[Record]()
    for _, record in records_of(lines, delimiter):
        if not isinstance(record, csv.Error):
            records += [] if is_frame(record) else [record]
        elif not is_unclosed(record):
            records.append([])
        if len(records) == _SAMPLED:
            break
    return records


def _place_of_names(records: Sequence[Record], width: int, named: Collection[str]) -> int:
    """Which record names the columns: by known names, else the first that is filled like a row.

    Known names below rows as full as they are may be content, as in a list of words.
    """
    first = records[:_MOST_ABOVE]
    cells = [[cell.strip(_BLANKS) for cell in record] for record in first]
    known = [sum(cell in named or is_column_name(cell) for cell in one) for one in cells]
    filled = [sum(map(bool, one)) for one in cells]
    place = known.index(max(known))
    is_whole = known[place] == filled[place] and place <= _FEW_ABOVE and not any(known[:place])
    is_below_less = all(number < filled[place] for number in filled[:place])
    if known[place] >= min(2, width) and (is_below_less or is_whole):
        return place
    usual = max(filled)
    fitting = (
        place
        for place, one in enumerate(cells)
        if len(one) == width and 2 * filled[place] > min(usual, width)
    )
    return next(fitting, 0)


def _fits(record: Record, header: Sequence[str]) -> bool:
    """Whether a record is as wide as the header, empty cells at its end aside."""
    return len(record) >= len(header) and not any(record[len(header) :])


def _is_below_names(record: Record) -> bool:
    """Whether a record says of what kind or in which units columns are, or names them again."""
    cells = [cell.strip(_BLANKS) for cell in record if cell.strip(_BLANKS)]
    return len(cells) > 1 and all(
        _BRACKETED.fullmatch(cell) or _units().fullmatch(cell) or is_column_name(cell)
        for cell in cells
    )


def _is_content(header: Sequence[str], rest: Sequence[Record]) -> bool:
    """Whether what should be names is like the cells below: sentences, numbers or said again.

    A word above numbers or dates names them, whatever the others look like.
    """
    is_alike = False
    for number, name in enumerate(header):
        cells = [record[number].strip() for record in rest if number < len(record)]
        cells = [cell for cell in cells if cell]
        if name and cells:
            if not _NUMBER.fullmatch(name) and all(map(_NUMBER.fullmatch, cells)):
                return False
            is_alike = is_alike or _is_like(name, cells)
    return is_alike


def _is_like(name: str, cells: Sequence[str]) -> bool:
    for pattern in (_SENTENCE, _NUMBER):
        num_alike = sum(bool(pattern.fullmatch(cell)) for cell in cells)
        if pattern.fullmatch(name) and 2 * num_alike > len(cells):
            return True
    usual = median_low([len(cell.split()) for cell in cells])
    is_repeated = len(cells) > 2 and name in cells
    return is_repeated or min(usual, len(name.split())) >= _MANY_WORDS


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("column_names"))


@functools.cache
def _units() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("units"), re.IGNORECASE)
