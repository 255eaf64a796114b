"""The values of a column -> whether they are texts to learn from, labels, or codes such as ids.

Texts that differ from row to row are content; numbers, dates, addresses and the few words of a
category are not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tunesmith.examples.columns.column_names import meaning_of
from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.sources.lines import excerpt

MAX_DISTINCT = 400  # values that are told apart
MAX_LABELS = 100
_MAX_LEAVES = 20  # texts that are looked at in a list or an object
_LONG = 12  # words of a text that is none but content, whatever its column is called
_PROSE = 8  # words of a text that is content though few rows differ
_SAMPLE = 60  # characters shown
_CODE = re.compile(
    r"[\d\s:/.,+%$€£()\[\]TZ-]+(?: ?(?:AM|PM|UTC|GMT|[A-Z]{1,3}))?"  # a number, a date, a time
    r"|(?:[a-z]+://|www\.|/)\S+"  # an address
    r"|[^\s@]+@[^\s@]+"
    r"|[A-Za-z0-9+/=_:.#-]*[\d_#=:.][A-Za-z0-9+/=_:.#-]*"  # an identifier
    r"|[^\s/]*/\S*"  # a path
    r"|(?i:true|false|yes|no|none|null)",
    re.ASCII,
)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f]")


@dataclass(slots=True)
class ColumnLook:
    """What was seen of a column so far; it grows row by row.

    Attributes:
        name: Of the column.
        num_cells: Those that held something.
        num_codes: Texts in them that are codes, and the numbers.
        num_texts: Texts in them that are no codes.
        num_words: Words of these.
        first: The first text, of which there were `num_first`.
        is_nested: Whether a cell held a list or an object.
        distinct: The different texts, up to MAX_DISTINCT.
        codes: The different codes, likewise.
        samples: The first two different cells.
        example: The first one of lists or objects.
        parts: Of objects, what was seen under each key.
    """

    name: str
    num_cells: int = 0
    num_codes: int = 0
    num_texts: int = 0
    num_words: int = 0
    first: str = ""
    num_first: int = 0
    is_nested: bool = False
    distinct: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    samples: list[str] = field(default_factory=list)
    example: object = None
    parts: dict[str, "ColumnLook"] = field(default_factory=dict)

    def add(self, value: object) -> None:
        """Look at one more cell."""
        if is_blank(value):
            return
        self.num_cells += 1
        if is_list(value) or isinstance(value, Mapping):
            self.is_nested, self.example = True, self.example or value
            self._add_parts(value)
        shown = excerpt(" ".join(str(value).split()))[:_SAMPLE]
        if len(self.samples) < 2 and shown not in self.samples:
            self.samples.append(shown)
        for leaf in _leaves(value):
            self._add_text(leaf)

    @property
    def is_content(self) -> bool:
        """Whether its texts, or those under one of its keys, are something to learn from."""
        is_about = meaning_of(self.name) in ("metadata", "label")
        parts = self.parts.values()
        return self._is_content or any(
            one.is_content and (one.is_prose or not is_about) for one in parts
        )

    @property
    def _is_content(self) -> bool:
        if not self.num_texts or self.num_codes > self.num_texts:
            return False
        words, num_distinct = self.num_words / self.num_texts, len(self.distinct)
        if meaning_of(self.name) in ("metadata", "label"):
            return words >= _LONG and num_distinct > 1
        if self.num_texts == 1:
            return self.num_words > 2
        if num_distinct < 2 or words >= _PROSE:
            return num_distinct > 1
        others = self.num_texts - self.num_first  # a value that stands for none is often the first
        share = (num_distinct - 1) / max(1, min(others, MAX_DISTINCT))
        if words >= 2:
            return share >= 0.3
        return self.num_texts >= 5 and share >= 0.8

    @property
    def is_prose(self) -> bool:
        """Whether its texts are long, whatever it is called."""
        return self.num_words >= _LONG * max(1, self.num_texts)

    @property
    def is_label(self) -> bool:
        """Whether its values are few, as a category's are."""
        meaning, num_values = meaning_of(self.name), len(self.distinct) + len(self.codes)
        if self.is_content or not num_values:
            return False
        if meaning == "label":
            return num_values > 1 or self.num_cells == 1
        few = 2 <= len(self.distinct) <= min(MAX_LABELS, self.num_texts / 2)
        return meaning is None and few and not self.is_nested

    def _add_parts(self, value: object) -> None:
        items = value[:_MAX_LEAVES] if is_list(value) else [value]
        for item in items:
            for key, part in item.items() if isinstance(item, Mapping) else ():
                if len(self.parts) < _MAX_LEAVES or key in self.parts:
                    self.parts.setdefault(key, ColumnLook(str(key))).add(part)

    def _add_text(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if len(text) < 200 and _CODE.fullmatch(text):
            self.num_codes += 1
            if len(self.codes) < MAX_DISTINCT:
                self.codes.add(text)
            return
        self.num_texts += 1
        self.num_words += len(text.split()) + len(_UNSPACED.findall(text[:400])) // 2
        beginning = text[:400]
        self.first = self.first or beginning
        self.num_first += beginning == self.first
        if len(self.distinct) < MAX_DISTINCT:
            self.distinct.add(beginning)


def _leaves(value: object, room: int = _MAX_LEAVES) -> Iterator[str]:
    """The texts of a value, of a list or an object the first ones."""
    if isinstance(value, str):
        yield value
        return
    if isinstance(value, int | float):
        yield str(value)
        return
    items = list(value.values()) if isinstance(value, Mapping) else value
    if is_list(items):
        for item in items[:room]:
            yield from _leaves(item, room)
