"""Lines are cut where people see them end, in bounded memory, with exact numbers and places."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.sources import lines
from tunesmith.sources.lines import Line, excerpt, split_lines


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\xc2\x85", b"\xe2\x80\xa8", b"\x0b", b"\x1c"])),
    st.integers(1, 5),
)
@settings(deadline=None)
def test_chunk_borders_change_nothing(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = [line.data for line in split_lines([data])]
    assert [line.data for line in split_lines(cut(data, size))] == whole
    assert b"".join(whole) == data
    for line in whole:
        body = line.rstrip(b"\r\n")
        assert b"\n" not in body
        assert b"\r" not in body


def test_numbers_and_offsets_point_into_the_file() -> None:
    data = b"one\r\ntwo\rthree\n\nfive"
    found = list(split_lines(cut(data, 2)))
    assert [line.number for line in found] == [1, 2, 3, 4, 5]
    for line in found:
        assert data[line.offset :].startswith(line.data)


def test_a_byte_order_mark_is_taken_off_the_first_line_only() -> None:
    found = list(split_lines([b"\xef\xbb\xbfa\n\xef\xbb\xbfb"]))
    assert found == [Line(1, 3, b"a\n", 5), Line(2, 5, b"\xef\xbb\xbfb", 4)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_over_the_limit_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 2000)
    data = b"short\n" + b"x" * 9001 + b"\nlast\n"
    first, long, last = split_lines(cut(data, size))
    assert (first.data, last.data, last.number) == (b"short\n", b"last\n", 3)
    assert (long.is_too_long, long.num_bytes) == (True, 9002)
    assert len(long.data) < 5000
    assert data[last.offset :] == b"last\n"


def test_a_preview_can_always_be_written() -> None:
    assert excerpt(b"caf\xe9\n") == "caf\\xe9"
    assert excerpt("\ud83d").encode() == b"\\ud83d"
    assert len(excerpt(b"x" * 10_000)) == 200
