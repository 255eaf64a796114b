"""Files are whole or absent; half lines, locks and a full disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tunesmith.errors import DataError, MissingError, RecipeError
from tunesmith.files import (
    atomic_file,
    folder_lock,
    hash_bytes,
    hash_file,
    hash_json,
    read_json,
    read_json_lines,
    write_json,
    write_json_lines,
    write_text,
)

ROWS = [{"a": 1}, {"b": "ä\n"}, {"c": [None, True]}]
HOLD = """
import sys
from pathlib import Path
from tunesmith.files import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
FILL = """
import resource, sys
from pathlib import Path
from tunesmith.errors import DiskFullError
from tunesmith.files import write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_text(Path(sys.argv[1]), "x" * 1_000_000)
except DiskFullError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_text(path, "old")
    with pytest.raises(TypeError, match="bytes"), atomic_file(path) as stream:
        stream.writelines([b"new, half", None])
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_the_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.md"
    write_text(path, "old")
    with atomic_file(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["report.md"]


def test_json_lines_come_back(tmp_path: Path) -> None:
    assert write_json_lines(tmp_path / "rows.jsonl", iter(ROWS)) == 3
    assert list(read_json_lines(tmp_path / "rows.jsonl")) == ROWS
    assert (tmp_path / "rows.jsonl").read_bytes().count(b"\n") == 3
    assert write_json_lines(tmp_path / "none.jsonl", []) == 0
    assert list(read_json_lines(tmp_path / "none.jsonl")) == []


def test_a_half_written_last_line_is_left_out_wherever_it_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_json_lines(path, ROWS)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert list(read_json_lines(path)) == ROWS[:2]
    path.write_bytes(whole[:-1])
    assert list(read_json_lines(path)) == ROWS, "only the line's end is missing"


def test_a_broken_line_before_the_last_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": \n{"c": 3}\n')
    rows = read_json_lines(path)
    assert next(rows) == {"a": 1}
    with pytest.raises(DataError, match="not valid JSON") as error:
        next(rows)
    assert error.value.where == f"{path}:2"


def test_one_value_comes_back_or_says_why_not(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, "ü"]})
    assert list(read_json(tmp_path / "a.json").items()) == [("b", 1), ("a", [1.5, "ü"])]
    (tmp_path / "a.json").write_text('{"b": ')
    with pytest.raises(DataError, match="not valid JSON"):
        read_json(tmp_path / "a.json")
    with pytest.raises(MissingError, match="no such file"):
        read_json(tmp_path / "none.json")
    with pytest.raises(MissingError, match="no such file"):
        list(read_json_lines(tmp_path / "none.jsonl"))


def test_hashes_are_sha256_and_see_no_order_of_keys(tmp_path: Path) -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    write_text(tmp_path / "abc", "abc")
    assert hash_bytes(b"abc") == known
    assert hash_file(tmp_path / "abc") == known
    assert hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})
    assert hash_json({"a": 1, "b": 2}) != hash_json({"a": 2, "b": 1})


def test_a_locked_folder_refuses_a_second_process_until_the_first_is_dead(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as owner:
        try:
            assert owner.stdout.readline() == "held\n"
            with pytest.raises(RecipeError, match=rf"\(pid {owner.pid}\)"), folder_lock(tmp_path):
                pass
        finally:
            owner.send_signal(signal.SIGKILL)
            owner.wait()
    with folder_lock(tmp_path):
        assert (tmp_path / ".lock").read_text() == str(os.getpid())


def test_a_lock_ends_with_its_block_even_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="amid"), folder_lock(tmp_path):
        raise ValueError("amid")
    own = rf"\(pid {os.getpid()}\)"
    with folder_lock(tmp_path), pytest.raises(RecipeError, match=own), folder_lock(tmp_path):
        pass


def test_a_full_disk_is_told_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_text(path, "old")
    child = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=False
    )
    assert child.returncode == 74, child.stderr
    assert child.stdout.startswith(f"{path}: no space left to write")
    assert "Free some space" in child.stdout
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]
