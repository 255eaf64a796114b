"""One source, as a recipe names it."""

import gzip
import logging
import os
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard

from tests.sources.reading import fields_of, read_content, reasons_of
from tunesmith.errors import DataError, MissingError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_source

LINES = '{"a": "é 😀"}\n{"a": "2"}\n'
ROWS = [{"a": "é 😀"}, {"a": "2"}]


def packed(codec: str) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, codec) as output:
        output.write(LINES.encode())
    return bytes(stream.getvalue().to_pybytes())


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_unicode_encoding_is_read(
    tmp_path: Path, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        items = read_content(tmp_path, "a.jsonl", LINES.encode(encoding))
    assert fields_of(items) == ROWS
    assert ("it is read as such" in caplog.text) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_packed_files_are_read(tmp_path: Path, codec: str) -> None:
    assert fields_of(read_content(tmp_path, "a.jsonl.x", packed(codec))) == ROWS


def test_zstandard_files_of_several_frames_are_read_whole(tmp_path: Path) -> None:
    skipped = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"  # as pzstd writes before each frame
    wide = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    frames = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    long = frames.compress(LINES.encode()) + frames.flush()
    items = read_content(tmp_path, "a.jsonl.zst", skipped + packed("zstd") + skipped + long)
    assert fields_of(items) == ROWS + ROWS
    with pytest.raises(DataError, match="damaged or incomplete"):
        read_content(tmp_path, "a.jsonl.zst", packed("zstd") + packed("zstd")[:-5])


def test_a_zstandard_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(200 << 20))
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        read_content(tmp_path, "a.jsonl", bomb)


def test_paths_are_relative_to_the_recipes_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text(LINES)
    monkeypatch.chdir(tmp_path / "elsewhere")
    items = list(read_source(SourceRecipe(path="data/a.jsonl"), folder=tmp_path))
    assert [item.source for item in items] == ["data/a.jsonl:1", "data/a.jsonl:2"]


def test_a_limit_ends_the_reading(tmp_path: Path) -> None:
    content = b'{"a": 1}\nbad\n{"a": 3}\n{"a": 4}\n'
    assert len(read_content(tmp_path, "a.jsonl", content, limit=3)) == 3


def test_a_named_kind_overrides_what_is_seen(tmp_path: Path) -> None:
    assert fields_of(read_content(tmp_path, "a", b"x\n{}\n", kind="csv")) == [{"x": "{}"}]


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "tickets.jsonl").write_text(LINES)
    with pytest.raises(MissingError, match=r"ticket.jsonl: no such file. Did you mean tickets"):
        read_source(SourceRecipe(path="ticket.jsonl"), folder=tmp_path)
    with pytest.raises(MissingError, match="folder nowhere does not exist"):
        read_source(SourceRecipe(path="nowhere/ticket.jsonl"), folder=tmp_path)


def test_what_is_no_file_is_refused_without_opening_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jsonl").write_text(LINES)
    for name, words in {
        "pipe": "is a pipe or a device",
        "/dev/zero": "is a pipe or a device",
        "empty.jsonl": "the file is empty",
        "folder": "is a folder, not a file. Name a file in it: a.jsonl",
    }.items():
        with pytest.raises(DataError, match=words):
            read_source(SourceRecipe(path=name), folder=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(LINES)
    (tmp_path / "a.jsonl").chmod(0)
    with pytest.raises(DataError, match="may not be read"):
        read_source(SourceRecipe(path="a.jsonl"), folder=tmp_path)


@pytest.mark.parametrize("cut", [1, 8, 12])
def test_a_packed_file_that_ends_early_is_refused(tmp_path: Path, cut: int) -> None:
    content = gzip.compress(LINES.encode() * 50_000)
    with pytest.raises(DataError, match="damaged or incomplete"):
        read_content(tmp_path, "a.jsonl.gz", content[:-cut])
    with pytest.raises(DataError, match="damaged or incomplete"):
        read_content(tmp_path, "a.jsonl.zst", packed("zstd")[:-5])


def test_half_a_character_at_the_end_costs_its_line(tmp_path: Path) -> None:
    items = read_content(tmp_path, "a.jsonl", LINES.encode("utf-16")[:-1])
    assert fields_of(items) == ROWS[:1]


def test_half_a_pair_in_utf_16_costs_its_line(tmp_path: Path) -> None:
    content = ('{"a": "\ud83d"}\n' + LINES).encode("utf-16-le", "surrogatepass")
    items = read_content(tmp_path, "a.jsonl", b"\xff\xfe" + content)
    assert fields_of(items) == ROWS
    assert reasons_of(items) == {"a.jsonl:1": "not UTF-8"}
