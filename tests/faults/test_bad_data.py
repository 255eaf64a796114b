"""Bad files, read to examples: each fault costs its row or stops with a place and a cure.

What is refused never takes memory or time in proportion to the damage it could do.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.reading import made_of
from tunesmith.errors import DataError, MissingError, TunesmithError
from tunesmith.examples.example import Example
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.files import json_line, read_json_lines, write_json_lines
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped

GOOD = '{"question": "q%d", "answer": "a"}'
MEMORY_LIMIT_MB = 250  # a bare interpreter with pydantic takes 60

READ_IN_A_CHILD = """
import json, re, sys
from pathlib import Path
from tunesmith.errors import TunesmithError
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.read_examples import read_examples
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe

count, error = ReadCount(), None
try:
    source = SourceRecipe(path=sys.argv[1])
    for read in read_examples([source], ExamplesRecipe(), folder=Path()):
        count.add(read.item)
except TunesmithError as caught:
    error = str(caught)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(json.dumps([count.num_kept, count.dropped, error, int(peak[1]) // 1024]))
"""


def read(path: Path) -> tuple[list[Example], dict[int, str], ReadCount]:
    """Examples, and the reason of each dropped line."""
    count, kept, reasons = ReadCount(), [], {}
    for item in made_of([SourceRecipe(path=path.name)], folder=path.parent):
        count.add(item)
        json_line(item.to_json() if isinstance(item, Example) else item)  # all can be written
        if isinstance(item, Dropped):
            reasons[int(item.source.rpartition(":")[2].split(" ")[0])] = item.reason
        else:
            kept.append(item)
    return kept, reasons, count


def read_lines(folder: Path, *lines: str | bytes) -> tuple[list[Example], dict[int, str]]:
    path = folder / "faq.jsonl"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    kept, reasons, _ = read(path)
    return kept, reasons


def read_in_a_child(path: Path) -> tuple[int, dict[str, int], str | None]:
    """Read with nothing else in memory; the peak is the reader's own."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc, which this system has not")
    done = subprocess.run(
        [sys.executable, "-c", READ_IN_A_CHILD, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    num_kept, dropped, error, peak = json.loads(done.stdout)
    assert peak < MEMORY_LIMIT_MB
    return num_kept, dropped, error


def test_28_corrupt_cut_and_blank_lines(tmp_path: Path) -> None:
    cut = '{"question": "q", "ans'
    kept, reasons = read_lines(tmp_path, GOOD % 1, "{oops}", "", " \t", GOOD % 5, "\r", cut)
    assert [example.source for example in kept] == ["faq.jsonl:1", "faq.jsonl:5"]
    assert reasons == {2: "bad JSON", 7: "bad JSON"}


def test_28_a_last_line_without_its_end_is_accepted(tmp_path: Path) -> None:
    kept, reasons = read_lines(tmp_path, GOOD % 1, GOOD % 2)
    assert (len(kept), reasons) == (2, {})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_29_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "faq.jsonl"
    path.write_bytes(end.join([GOOD % 1, "bad", GOOD % 3]).encode(encoding))
    kept, reasons, _ = read(path)
    assert [example.messages[0].content for example in kept] == ["q1", "q3"]
    assert reasons == {2: "bad JSON"}


def test_29_a_latin_1_byte_among_utf_8_is_named_with_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    first = (GOOD % 1).replace("q1", "thé").encode()
    path.write_bytes(first + b'\n{"question": "caf\xe9", "answer": "a"}\n')
    place = path.read_bytes().index(b"\xe9")
    items = list(made_of([SourceRecipe(path=path.name)], folder=tmp_path))
    assert isinstance(items[1], Dropped)
    assert items[1].reason == "not UTF-8"
    assert f"byte 0xe9 at column 18 (byte {place} of the file)" in items[1].detail


TEXTS = [
    "😀",
    "👨‍👩‍👧",
    "e\u0301",
    "שלום \u202eabc",
    "a\u2028b\u2029c",
    "\x85\x7f\ufeff",
    "\t\n\r\v\f",
]


@pytest.mark.parametrize("is_ascii", [True, False])
def test_30_unusual_text_comes_back_byte_for_byte(tmp_path: Path, is_ascii: bool) -> None:
    rows = [{"question": f"x{text}y", "answer": f" {text}z"} for text in TEXTS]
    kept, reasons = read_lines(tmp_path, *(json.dumps(r, ensure_ascii=is_ascii) for r in rows))
    assert reasons == {}
    write_json_lines(tmp_path / "train.jsonl", (example.to_json() for example in kept))
    again = [Example.from_json(row) for row in read_json_lines(tmp_path / "train.jsonl")]
    assert again == kept
    for example, row in zip(read(tmp_path / "train.jsonl")[0], rows, strict=True):
        assert [turn.content for turn in example.messages] == list(row.values())


def test_30_text_that_no_tokenizer_can_encode(tmp_path: Path) -> None:
    bad = ["\\ud83d", "\\ude00\\ud83d", "\\u0000", "\\u0007", "\\u001b[0m"]
    lines = [f'{{"question": "{text}", "answer": "a"}}' for text in bad]
    kept, reasons = read_lines(tmp_path, *lines, GOOD % 6, b'{"question": "\0", "answer": "a"}')
    assert len(kept) == 1
    names = ["lone surrogate"] * 2 + ["control character"] * 3
    assert reasons == {**dict(enumerate(names, start=1)), 7: "bad JSON"}


def test_31_values_that_other_parsers_let_pass(tmp_path: Path) -> None:
    faults = {
        '{"question": "q", "answer": "a", "score": NaN}': "NaN or Infinity",
        '{"question": "q", "answer": "a", "score": -Infinity}': "NaN or Infinity",
        '{"question": "q", "answer": "a", "score": 1e999}': "NaN or Infinity",
        '{"question": "q", "answer": "a", "id": ' + "9" * 5000 + "}": "number too long",
        '{"question": "q", "answer": "a", "answer": "b"}': "duplicate key",
        '{"question": "q", "answer": "a", "x": '
        + "[" * 50_000
        + "]" * 50_000
        + "}": "nested too deeply",
    }
    kept, reasons = read_lines(tmp_path, *faults, GOOD % 7)
    assert [example.source for example in kept] == ["faq.jsonl:7"]
    assert reasons == dict(enumerate(faults.values(), start=1))


def sparse(path: Path, before: bytes, after: bytes, *, num_bytes: int = 100 << 20) -> None:
    with path.open("wb") as stream:
        stream.write(before)
        stream.seek(num_bytes, 1)
        stream.write(after)


def test_31_a_line_of_100_mb_costs_itself_and_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl"
    sparse(path, (GOOD % 1).encode() + b'\n{"question": "', b'"}\n' + (GOOD % 3).encode())
    assert read_in_a_child(path) == (2, {"line too long": 1}, None)


def test_31_a_list_element_of_100_mb_costs_itself_and_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "faq.json"
    good = (GOOD % 1).encode()
    sparse(path, b"[" + good + b', {"question": "', b'"}, ' + good.replace(b"q1", b"q3") + b"]")
    assert read_in_a_child(path) == (2, {"line too long": 1}, None)


def test_31_a_quote_without_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'question,answer\nq,"' + b"x" * 40_000_000)
    _, _, error = read_in_a_child(tmp_path / "a.csv")
    assert error is not None
    assert "a.csv:2: 40,000,003 bytes without a line end" in error
    (tmp_path / "a.csv").write_bytes(b'question,answer\nq,"' + (b"row," * 250 + b"\n") * 30_000)
    _, _, error = read_in_a_child(tmp_path / "a.csv")
    assert error is not None
    assert "a.csv:2: a quote that opens here is never closed" in error


@pytest.mark.parametrize("piece", [b"x" * 1000, b" " * 999 + b"\n"])
def test_38_a_gzip_bomb_is_stopped(tmp_path: Path, piece: bytes) -> None:
    path = tmp_path / "faq.jsonl.gz"
    good = (GOOD % 1).encode() + b"\n"
    path.write_bytes(gzip.compress(good + piece * 100_000))
    num_kept, dropped, error = read_in_a_child(path)
    assert (num_kept, dropped) == (1, {})
    assert error is not None
    assert "unpacks to more than 200 times its size" in error


def no_file(path: Path) -> None:
    assert not path.exists()


NOT_DATA: list[tuple[Callable[[Path], object], type[TunesmithError], str]] = [
    (Path.touch, DataError, "the file is empty"),
    (lambda path: path.write_text("\n \r\n"), DataError, "only blanks"),
    (lambda path: path.write_text("\n" * 100_000), DataError, "only blanks"),
    (Path.mkdir, DataError, "is a folder"),
    (no_file, MissingError, "no such file"),
    (lambda path: path.symlink_to("/dev/zero"), DataError, "is a pipe or a device"),
    (lambda path: path.symlink_to(path), DataError, "cannot be opened"),
]


@pytest.mark.parametrize(("make", "error", "words"), NOT_DATA)
def test_32_what_is_no_data_has_its_exit_code(
    tmp_path: Path, make: Callable[[Path], object], error: type[TunesmithError], words: str
) -> None:
    make(tmp_path / "faq.jsonl")
    with pytest.raises(error, match=words) as caught:
        read(tmp_path / "faq.jsonl")
    assert caught.value.where == "faq.jsonl"
    assert caught.value.exit_code == (4 if error is MissingError else 3)


def test_32_only_rejects_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "faq.jsonl").write_text("{bad\n{worse\n")
    _, reasons, count = read(tmp_path / "faq.jsonl")
    assert reasons == {1: "bad JSON", 2: "bad JSON"}
    with pytest.raises(DataError, match=r"faq.jsonl:1: no example is left \(2 bad JSON\)"):
        check_read(count, max_bad=1.0)


def test_33_useless_rows_are_counted_by_reason_and_formats_may_mix(tmp_path: Path) -> None:
    rows: list[object] = [
        {"question": "q", "answer": ""},
        {"question": " ", "answer": "a"},
        {"question": "q", "answer": None},
        {"question": "q", "answer": 42},
        {"question": "q", "answer": {"text": "a"}},
        {"question": "q"},
        {"question": "q", "answer": "a", "votes": 3, "more": {"x": [1]}},
        {"instruction": "i", "input": "j", "output": "a"},
        {"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]},
        {"text": "t"},
        ["question", "answer"],
    ]
    kept, reasons = read_lines(tmp_path, *map(json.dumps, rows))
    assert [int(example.source.rpartition(":")[2]) for example in kept] == [4, 7, 8, 9, 10]
    assert reasons == {
        1: "empty response",
        2: "empty instruction",
        3: "null field",
        5: "not a text",
        6: "missing field",
        11: "data_type",
    }


def test_33_a_column_that_comes_late_does_no_harm(tmp_path: Path) -> None:
    late = '{"question": "q", "answer": "a", "new": {"x": [1]}, "votes": "many"}'
    kept, reasons = read_lines(tmp_path, *(GOOD % number for number in range(5000)), late)
    assert (len(kept), reasons) == (5001, {})


def test_34_giant_rows_are_read_and_counted(tmp_path: Path) -> None:
    long = json.dumps({"question": "q", "answer": "word " * 1_000_000})
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant")] * 50_000
    kept, reasons = read_lines(tmp_path, long, json.dumps({"messages": turns}))
    assert [len(example.messages) for example in kept] == [2, 100_000]
    assert (len(kept[0].reference), reasons) == (5_000_000, {})


def test_36_conversations_are_refused_by_openais_names(tmp_path: Path) -> None:
    cases = {
        "unrecognized_role": ["user", "bing"],
        "two system messages": ["system", "system", "user", "assistant"],
        "assistant first": ["assistant", "user", "assistant"],
        "consecutive user turns": ["user", "user", "assistant"],
        "example_missing_assistant_message": ["system", "user"],
        "unanswered last turn": ["user", "assistant", "user"],
    }
    lines = [
        json.dumps({"messages": [{"role": role, "content": "x"} for role in roles]})
        for roles in cases.values()
    ]
    kept, reasons = read_lines(tmp_path, *lines)
    assert (kept, reasons) == ([], dict(enumerate(cases, start=1)))


def test_38_a_gzip_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faq.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(GOOD % n for n in range(10_000)).encode())[:-100])
    with pytest.raises(DataError, match=r"faq.jsonl.gz: reading failed after [\d,]+ bytes"):
        read(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_38_tables_of_other_programs(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "faq.csv"
    rows = ["\ufeffquestion,answer", '"a\r\nb","c ""d"""', "", "x,y", "only one field"]
    path.write_bytes("\r\n".join(rows).replace(",", delimiter).encode())
    kept, reasons, _ = read(path)
    assert [[turn.content for turn in example.messages] for example in kept] == [
        ["a\r\nb", 'c "d"'],
        ["x", "y"],
    ]
    assert [example.source for example in kept] == ["faq.csv:2", "faq.csv:5"]
    assert reasons == {6: "wrong number of columns"}
