"""A text in the encoding that a recipe names -> UTF-8 in chunks, or an error with the place.

The name holds while pieces of its source are read, for every file that is opened on the way.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tunesmith.errors import DataError
from tunesmith.sources.encodings.charset import find_charset

_NAMED: ContextVar[str | None] = ContextVar("named_encoding", default=None)
_MARKS = {  # UTF-32 first: its mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_NO_LETTER = re.compile("[\x80-\x9f]")  # controls that no text holds: letters of another set
_FEW = 3  # characters; so many that bytes of GB 18030, say, do not look like UTF-8 by chance

T = TypeVar("T")


@contextmanager
def reading_in(encoding: str | None) -> Iterator[None]:
    """Whatever text is opened meanwhile is in this encoding; None: it is found out."""
    before = _NAMED.set(encoding)
    try:
        yield
    finally:
        _NAMED.reset(before)


def read_in(encoding: str | None, items: Iterator[T]) -> Iterator[T]:
    """Items of a reader that opens its files while it is read, in this encoding."""
    if encoding is None:
        yield from items
        return
    end = object()
    while True:
        with reading_in(encoding):  # for one item: what becomes of it has its own
            item = next(items, end)
        if item is end:
            return
        yield item  # type: ignore[misc]


def named_encoding() -> str | None:
    """The encoding that is named for what is read now."""
    return _NAMED.get()


def strictly_decoded(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """A text as UTF-8, where all of it belongs to the encoding.

    Raises:
        DataError: A byte does not, or the text is marked as another or plainly UTF-8.
    """
    decoder = _Decoder(encoding, name)
    for chunk in chunks:
        yield decoder.take(chunk)
    yield decoder.take(b"", final=True)


class _Decoder:
    """Decodes chunk by chunk, and knows where it is."""

    def __init__(self, encoding: str, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._encoding, self._name = encoding, name
        is_unicode = codecs.lookup(encoding).name.startswith("utf")
        num_letters = len(bytes(range(160, 256)).decode(encoding, "replace"))
        self._is_one_byte = num_letters == 96 and not is_unicode
        self._num_lines = 0
        self._is_first = True
        self._utf8 = None if is_unicode else codecs.getincrementaldecoder("utf-8")()
        self._first_other: tuple[int, str] | None = None  # line and letter, as UTF-8 has them
        self._num_others = 0

    def take(self, chunk: bytes, *, final: bool = False) -> bytes:
        """The next chunk as UTF-8."""
        if self._is_first:
            self._check_mark(chunk)
        if self._utf8 is not None:
            self._check_utf8(self._utf8, chunk)
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line = self._line_behind(error.object[: error.start].decode(self._encoding, "replace"))
            why = f"byte 0x{error.object[error.start]:02x} is none of it"
            raise self._refused(line, why, chunk) from None
        if self._is_one_byte and (found := _NO_LETTER.search(text)):
            detail = f"byte 0x{ord(found[0]):02x} is no letter of it"
            raise self._refused(self._line_behind(text[: found.start()]), detail, chunk)
        self._num_lines += text.count("\n")
        return text.encode("utf-8", "surrogatepass")

    def _check_mark(self, chunk: bytes) -> None:
        self._is_first = False
        marked = next((name for mark, name in _MARKS.items() if chunk.startswith(mark)), None)
        plain = codecs.lookup(self._encoding).name
        if marked is not None and not plain.startswith(marked):
            raise self._refused(1, f"it begins with the mark of {marked.upper()}", b"")

    def _check_utf8(self, utf8: codecs.IncrementalDecoder, chunk: bytes) -> None:
        """Refuse what is plainly UTF-8; asked until that is decided."""
        try:
            text = utf8.decode(chunk)
        except UnicodeDecodeError:
            self._utf8 = None
            return
        others = [char for char in text if not char.isascii()]
        if others and self._first_other is None:
            self._first_other = self._line_behind(text[: text.index(others[0])]), others[0]
        self._num_others += len(others)
        if self._first_other and self._num_others >= (1 if self._is_one_byte else _FEW):
            line, char = self._first_other
            raise self._refused(line, f"it is UTF-8, with {char!r} here", b"")

    def _line_behind(self, before: str) -> int:
        return self._num_lines + before.count("\n") + 1

    def _refused(self, line: int, why: str, chunk: bytes) -> DataError:
        fitting = find_charset(chunk)
        fits = f" ({fitting.codec} fits)" if fitting else ""
        return DataError(
            f"is not in {self._encoding}, which encoding names: {why}",
            where=f"{self._name}:{line}",
            cure=f"Name another{fits}, or leave encoding out: then it is found.",
        )
