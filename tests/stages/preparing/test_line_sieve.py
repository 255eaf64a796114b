"""Lines are taken out of a file that another reads; nothing is written where none goes."""

from pathlib import Path

import pytest

from tunesmith.stages.preparing.line_sieve import line_sieve

LINES = [b"%d %b\n" % (number, b"x" * number) for number in range(40)]


def _sift(path: Path, gone: set[int], *, at_once: int) -> None:
    with line_sieve(path) as sieve:
        for start in range(0, len(LINES), at_once):
            numbers = range(start, min(start + at_once, len(LINES)))
            sieve.sift([LINES[n] for n in numbers], [n not in gone for n in numbers])


@pytest.mark.parametrize("at_once", [1, 3, 40, 100])
@pytest.mark.parametrize("gone", [{0}, {39}, {17, 18, 30}, set(range(40)), set(range(0, 40, 2))])
def test_what_is_kept_stays_in_its_order(tmp_path: Path, gone: set[int], at_once: int) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(LINES))
    _sift(path, gone, at_once=at_once)
    assert path.read_bytes() == b"".join(line for n, line in enumerate(LINES) if n not in gone)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_loses_nothing_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(LINES))
    before = path.stat().st_ino
    _sift(path, set(), at_once=7)
    assert path.stat().st_ino == before


def test_an_error_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(LINES))

    def fail() -> None:
        with line_sieve(path) as sieve:
            sieve.sift(LINES[:2], [True, False])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"".join(LINES)
    assert list(tmp_path.iterdir()) == [path]
