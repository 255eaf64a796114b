"""The bytes of a JSON list, in chunks -> its elements one by one, each with its line.

Memory holds one element, whatever the length of the list. Only strings, brackets and the
commas between elements are looked at; `strict_json` reads the elements themselves.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tunesmith.sources.lines import MAX_LINE_BYTES
from tunesmith.sources.row import RowError
from tunesmith.sources.tables.strict_json import check_depth

_STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BETWEEN_ELEMENTS = re.compile(rb'["\[\]{},]')
_IN_AN_ELEMENT = re.compile(rb'["\[\]{}]')
_TOP_LEVEL_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


class Element(NamedTuple):
    """One element of a JSON list; of one over the limit `data` is only the beginning."""

    line: int
    data: bytes
    num_bytes: int

    @property
    def is_too_long(self) -> bool:
        """Whether the element was longer than is read."""
        return self.num_bytes > MAX_LINE_BYTES


def split_list(chunks: Iterable[bytes], *, first_line: int = 1) -> Iterator[Element]:
    """Cut a list, beginning at its bracket, into its elements.

    Raises:
        RowError: The list is not closed, or something follows it.
    """
    splitter = _Splitter(first_line)
    for chunk in chunks:
        yield from splitter.feed(chunk)
    if splitter.depth > 0 or not splitter.is_open:
        raise _fault(splitter.line, "the list is not closed; the file ends early")


def list_place(data: bytes, key: str) -> tuple[int, int]:
    """Where in an object (valid JSON) the list of a key begins and ends."""
    depth, begin, name = 0, -1, ""
    for match in _TOP_LEVEL_TOKEN.finditer(data):
        token = match.group()
        if token[:1] == b'"':
            name = json.loads(token) if depth == 1 else name
        elif token in b"[{":
            if depth == 1 and name == key:
                begin = match.start()
            depth += 1
        else:
            depth -= 1
            if depth == 1 and name == key and begin >= 0:
                return begin, match.end()
    raise AssertionError(key)


def parse_object(data: bytes) -> dict[str, Any]:
    """A whole object, to see which keys hold lists.

    Raises:
        RowError: It is no valid JSON or no object.
    """
    check_depth(data)
    try:
        value = json.loads(data)
    except UnicodeDecodeError as error:
        raise RowError("not UTF-8", f"byte {error.start:,} is not UTF-8") from None
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg}"
        if error.msg == "Extra data":
            message += ". If each line is a row of its own, say kind: jsonl"
        raise _fault(error.lineno, message) from None
    except ValueError:
        raise RowError("number too long", "an integer has more than 4,300 digits") from None
    if not isinstance(value, dict):
        raise _fault(1, "neither a list nor an object")
    return value


def _fault(line: int, detail: str) -> RowError:
    return RowError("bad JSON", f"line {line}: {detail}")


class _Splitter:
    """Where a scan through a list stands between two chunks."""

    def __init__(self, first_line: int) -> None:
        self.line = first_line
        self.depth = 0
        self.is_open = False  # whether the list's bracket was met
        self._in_string = False
        self._is_escaped = False
        self._parts: list[bytes] = []
        self._num_bytes = 0
        self._num_lines_left_out = 0
        self._num_elements = 0

    def feed(self, chunk: bytes) -> Iterator[Element]:
        position = start = 0
        while position < len(chunk):
            if self._in_string:
                position = self._through_string(chunk, position)
                continue
            pattern = _BETWEEN_ELEMENTS if self.depth == 1 else _IN_AN_ELEMENT
            match = pattern.search(chunk, position)
            if match is None:
                break
            position = match.end()
            if self._ends_element(chunk[match.start()]):
                self._keep(chunk[start : match.start()])
                start = position
                yield from self._element(is_last=self.depth == 0)
            elif self.depth == 1 and not self.is_open:
                self._open(chunk[start : match.start()])
                start = position
        self._keep(chunk[start:])
        if self.is_open and self.depth == 0 and b"".join(self._parts).strip():
            raise _fault(self.line, "something follows the end of the list")

    def _ends_element(self, token: int) -> bool:
        """Take a bracket, quote or comma in; tells whether it ends an element of the list."""
        if token == ord('"'):
            self._in_string = True
        elif token in b"[{":
            if self.is_open and self.depth == 0:
                raise _fault(self.line, "something follows the end of the list")
            self.depth += 1
        elif token in b"]}":
            if self.depth == 0 or (self.depth == 1 and token == ord("}")):
                raise _fault(self.line, "a bracket that closes nothing")
            self.depth -= 1
            return self.depth == 0
        else:
            return True
        return False

    def _open(self, before: bytes) -> None:
        self.line += before.count(b"\n")
        self.is_open = True
        self._parts, self._num_bytes = [], 0

    def _through_string(self, chunk: bytes, position: int) -> int:
        if self._is_escaped:
            position += 1
            self._is_escaped = False
        match = _STRING_REST.match(chunk, position)
        assert match is not None
        if match.end() == len(chunk):
            return len(chunk)
        self._in_string = chunk[match.end()] != ord('"')
        self._is_escaped = self._in_string  # a backslash whose character is in the next chunk
        return match.end() + 1

    def _keep(self, piece: bytes) -> None:
        if self._num_bytes <= MAX_LINE_BYTES:
            self._parts.append(piece)
        else:
            self._num_lines_left_out += piece.count(b"\n")
        self._num_bytes += len(piece)

    def _element(self, *, is_last: bool) -> Iterator[Element]:
        data = b"".join(self._parts)
        num_bytes = self._num_bytes
        self._parts, self._num_bytes = [], 0
        text = data.lstrip()
        line = self.line + data.count(b"\n", 0, len(data) - len(text))
        self.line += data.count(b"\n") + self._num_lines_left_out
        self._num_lines_left_out = 0
        if text:
            self._num_elements += 1
            yield Element(line, text.rstrip(), num_bytes)
        elif not is_last or self._num_elements:
            raise _fault(line, "a comma with no row after it or before it")
