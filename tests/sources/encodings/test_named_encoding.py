"""The encoding that a recipe names is read to the letter, or refused with the place."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stages.rig import Talk, make_recipe, opened, run_folder
from tunesmith import import_sources
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, RecipeError
from tunesmith.files import read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources import chunks
from tunesmith.sources.read_source import explain_source, read_source
from tunesmith.stages.prepare import prepare

PAGE = (
    "# Fragen\n\n## Wo ist die Tür?\n\nLinks, für Gäste.\n\n## Was kostet es?\n\nHöchstens zehn.\n"
)
CHAT = "".join(
    f"[2024-01-0{day} 10:0{day}] <{nick}> Größe {day}, bitte für Käthe?\n"
    for day, nick in ((1, "ann"), (2, "bob"), (3, "ann"), (4, "bob"))
)
FILES = {
    "a.csv": "question,answer\nWo ist die Tür?,Für Gäste links\n",
    "a.tsv": "question\tanswer\nWo ist die Tür?\tFür Gäste links\n",
    "a.json": '[{"question": "Wo ist die Tür?", "answer": "Für Gäste links"}]',
    "a.jsonl": '{"question": "Wo ist die Tür?", "answer": "Für Gäste links"}\n',
    "a.md": PAGE,
    "a.txt": PAGE,
    "a.log": CHAT,
    "a.html": "<h2>Wo ist die Tür?</h2><p>Für Gäste links, und höher.</p>",
    "b.json": '[{"turns": [{"speaker": "a", "text": "Größe?"}, {"speaker": "b", "text": "Ö."}]}]',
}


def texts(folder: Path, source: SourceRecipe) -> str:
    return repr(list(read_source(source, folder=folder)))


@pytest.mark.parametrize(
    "encoding", ["cp1252", "mac-roman", "Latin-1", "utf-16-le", "UTF-8", "utf8"]
)
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_text_is_read_as_if_it_were_utf_8(
    tmp_path: Path, name: str, encoding: str
) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    wanted = texts(tmp_path, SourceRecipe(path=name))
    assert "ü" in wanted or "Ö" in wanted
    (tmp_path / name).write_bytes(FILES[name].encode(encoding))
    named = SourceRecipe(path=name, encoding=encoding)
    assert texts(tmp_path, named) == wanted
    found = explain_source(named, folder=tmp_path)
    assert (found.encoding, found.doubt) == (encoding, None)


def test_pages_of_a_folder_and_packed_files_are_read_in_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_bytes(PAGE.encode("cp850"))
    (tmp_path / "docs" / "b.md").write_bytes(PAGE.encode("utf-8"))
    found = texts(tmp_path, SourceRecipe(path="docs", encoding="cp850"))
    assert "Höchstens" in found
    assert "unreadable page" in found  # of the one in UTF-8
    assert "docs/b.md:3" in found
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(FILES["a.jsonl"].encode("cp850")))
    assert "Tür" in texts(tmp_path, SourceRecipe(path="a.jsonl.gz", encoding="cp850"))


@pytest.mark.parametrize(
    "case",
    [
        ("cp1252", b"question,answer\na?,b\nc?,d \x81\n", "a.csv:3", "byte 0x81 is none of it"),
        ("ascii", b"question,answer\na?,b\xe9\n", "a.csv:2", "byte 0xe9"),
        ("utf-8", b"question,answer\na?,b\nc?,\xfcber\n", "a.csv:3", "byte 0xfc"),
        ("gb18030", b"question,answer\na?,b\n\xff\xff,d\n", "a.csv:3", "byte 0xff"),
        ("latin-1", b"question,answer\na?,\x93b\x94\n", "a.csv:2", "byte 0x93 is no letter"),
        ("cp1252", "question,answer\na?,für\n".encode(), "a.csv:2", "it is UTF-8, with 'ü' here"),
        ("gb18030", "question,answer\na?,für Käthe ö\n".encode(), "a.csv:2", "it is UTF-8"),
        ("cp1252", "question,answer\na?,b\n".encode("utf-16"), "a.csv:1", "the mark of UTF-16"),
        ("utf-16", "question,answer\na?,b\n".encode("utf-8-sig"), "a.csv:1", "mark of UTF-8"),
        (
            "shift_jis",
            "question,answer\na?,b\n鍵\n".encode("shift_jis")[:-2],
            "a.csv:3",
            "byte 0x8c",
        ),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [8, 1 << 20])
def test_what_is_not_in_it_is_refused_with_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, bytes, str, str],
    chunk_bytes: int,
) -> None:  # fmt: skip
    encoding, content, place, said = case
    monkeypatch.setattr(chunks, "CHUNK_BYTES", chunk_bytes)
    (tmp_path / "a.csv").write_bytes(content)
    source = SourceRecipe(path="a.csv", kind="csv", encoding=encoding)
    with pytest.raises(DataError, match="leave encoding out") as caught:
        texts(tmp_path, source)
    assert caught.value.where == place
    assert said in str(caught.value)


def test_what_utf_8_holds_is_no_fault_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\na?,b\x85c\u2028d\n", encoding="utf-8")
    wanted = texts(tmp_path, SourceRecipe(path="a.csv"))
    assert texts(tmp_path, SourceRecipe(path="a.csv", encoding="utf-8")) == wanted


def test_a_guess_can_be_named_as_it_is_told(tmp_path: Path) -> None:
    """Of a set that Windows widened, it is the wider one that is read, and told."""
    content = "question,answer\n鍵はどこにありますか,①引き出しの中です\n".encode("cp932")
    (tmp_path / "a.csv").write_bytes(content)
    wanted = texts(tmp_path, SourceRecipe(path="a.csv"))
    told = explain_source(SourceRecipe(path="a.csv"), folder=tmp_path).encoding
    assert told == "cp932"
    assert texts(tmp_path, SourceRecipe(path="a.csv", encoding=told)) == wanted
    with pytest.raises(DataError, match="cp932 fits"):
        texts(tmp_path, SourceRecipe(path="a.csv", encoding="shift_jis"))


def test_two_letters_that_look_like_utf_8_by_chance_are_what_they_were_said_to_be(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_bytes("question,answer\na?,联通\n".encode("gb18030"))
    assert "联通" in texts(tmp_path, SourceRecipe(path="a.csv", encoding="gb18030"))


@pytest.mark.parametrize(
    ("encoding", "near"),
    [("cp-1252", "cp1252"), ("windows1251x", "windows-1251"), ("utf-99", "utf-"), ("ANSI", "ANSI"),
     ("base64", "base64"), ("unicode_escape", "unicode"), ("", "utf-8"), ("gb180", "gb18030")],
)  # fmt: skip
def test_unknown_encodings_are_refused_with_near_names(encoding: str, near: str) -> None:
    with pytest.raises(RecipeError, match="is unknown") as caught:
        recipe_from_mapping({"sources": [{"path": "a.csv", "encoding": encoding}]})
    assert near in str(caught.value)


def _mail(path: Path) -> None:
    path.write_bytes(b"From: a@example.org\nSubject: b\nMessage-ID: <1>\nMIME-Version: 1.0\n\nc\n")


def _table(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"question": ["a?"], "answer": ["b"]}), path)


@pytest.mark.parametrize(
    ("name", "kind", "write"),
    [("a.eml", "mbox", _mail), ("a.parquet", "parquet", _table), ("b.eml", None, _mail)],
)
def test_what_says_its_own_takes_none(
    tmp_path: Path, name: str, kind: str | None, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    with pytest.raises(DataError, match="which takes no encoding"):
        texts(tmp_path, SourceRecipe(path=name, kind=kind, encoding="latin-1"))


def test_a_guess_is_named_where_the_source_is_and_in_the_summary(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Wo ist Tür {i}?,Für Gäste links in Größe {i}\n" for i in range(20))
    Path("a.csv").write_bytes(f"question,answer\n{rows}".encode("cp1252"))
    run = opened(make_recipe(tiny_folder, Path("a.csv")), run_folder(tmp_path / "run"), tmp_path,
                 talk := Talk())  # fmt: skip
    result = prepare(run)
    assert any(note.endswith("; its letters as windows-1252") for note in talk.notes)
    assert (result.read_as[0].encoding, result.read_as[0].is_encoding_guessed) == (
        "windows-1252",
        True,
    )
    assert any("letters are wrong, say encoding: NAME" in one for one in result.notices)
    for command in (["import", "a.csv", "-o", "b.jsonl"], ["preview", "a.csv"]):
        assert run_command([*command, "--encoding", "cp850"]) == 0
        assert "a.csv is read as csv" in (said := capsys.readouterr().err)
        assert "its letters as cp850" in said
    assert "T³r" in next(iter(read_json_lines(Path("b.jsonl"))))["instruction"]
    imported = import_sources(["a.csv"], "b.jsonl", progress=talk)
    assert imported.read_as[0].encoding == "windows-1252"
    assert run_command(["import", "a.csv", "--check", "--encoding", "cp-1252"]) == 2
    assert "Did you mean cp1252" in capsys.readouterr().err
