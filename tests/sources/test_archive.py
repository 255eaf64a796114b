"""Archives nobody trusts: refused as a whole, read as a stream, never written anywhere."""

import io
import resource
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.archive import MAX_MEMBERS, ZipTree, open_tree
from tunesmith.sources.material import Thread
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, RowError

DAY = (
    b'[{"type":"message","user":"U1","text":"Where is the key?","ts":"1767600000.000100"},\n'
    b'{"type":"message","user":"U2","text":"Under the mat.","ts":"1767600060.000200"}]'
)


def packed(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("general/2026-01-05.json", DAY), *members):
            archive.writestr(name, data)
    return stream.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("general/2026-01-06.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def twice() -> bytes:
    data = packed(("general/2026-01-06.json", b"[]"))
    return data.replace(b"2026-01-06", b"2026-01-05")


def encrypted() -> bytes:
    data = bytearray(packed())
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


def many_entries(count: int) -> bytes:
    """A directory of empty members that a program would make objects of."""
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"x"
    directory = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    return b"PK\x03\x04" + bytes(26) + directory + end


def packed_foreign() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return stream.getvalue()


HOSTILE: list[tuple[str, Callable[[], bytes]]] = [
    ("leads out", lambda: packed(("../../evil.json", b"[]"))),
    ("leads out", lambda: packed(("general/../../evil.json", b"[]"))),
    ("leads out", lambda: packed(("/etc/evil.json", b"[]"))),
    ("leads out", lambda: packed(("C:/evil.json", b"[]"))),
    ("backslash", lambda: packed(("..\\evil.json", b"[]"))),
    ("link", lambda: packed((link(), b"/etc/passwd"))),
    ("twice", twice),
    ("encrypted", encrypted),
    ("200 times", lambda: packed(("general/2026-01-06.json", bytes(200 << 20)))),
    ("more than 200,000", lambda: many_entries(MAX_MEMBERS + 800_000)),
    ("a Word document", packed_foreign),
    ("not readable|zip archive", lambda: packed()[:-30]),
]


@pytest.mark.parametrize(("words", "make"), HOSTILE, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("kind", [None, "slack"])
def test_a_hostile_archive_is_refused(
    tmp_path: Path, words: str, make: Callable[[], bytes], kind: str | None
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "export.zip").write_bytes(make())
    before = sorted(tmp_path.rglob("*"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recipe = SourceRecipe.model_validate({"path": "export.zip", "kind": kind})
    expected = "no Slack export" if words == "a Word document" and kind else words
    with pytest.raises(DataError, match=expected) as caught:
        list(read_source(recipe, folder=tmp_path / "in"))
    assert caught.value.exit_code == 3
    assert caught.value.where == "export.zip"
    assert caught.value.cure
    assert sorted(tmp_path.rglob("*")) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 200_000  # kB


def test_a_sound_archive_is_read_like_its_folder(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(packed(("users.json", b'[{"id":"U1","name":"ann"}]')))
    (tmp_path / "export" / "general").mkdir(parents=True)
    (tmp_path / "export" / "general" / "2026-01-05.json").write_bytes(DAY)
    (tmp_path / "export" / "users.json").write_bytes(b'[{"id":"U1","name":"ann"}]')
    from_zip, from_folder = (
        list(read_source(SourceRecipe(path=path), folder=tmp_path))
        for path in ("export.zip", "export")
    )
    assert from_zip == from_folder
    (thread,) = from_zip
    assert isinstance(thread, Thread)
    assert thread.source == "general/2026-01-05.json:1767600000.000100"


def test_names_without_the_flag_are_read_as_utf8(tmp_path: Path) -> None:
    data = packed(("büro/2026-01-05.json", DAY))
    bare = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = bare.rindex(mark)
        flags = struct.unpack_from("<H", bare, place + offset)[0]
        struct.pack_into("<H", bare, place + offset, flags & ~0x800)
    (tmp_path / "a.zip").write_bytes(bytes(bare))
    tree = open_tree(tmp_path / "a.zip", "a.zip")
    assert "büro/2026-01-05.json" in tree.names
    tree.close()


def test_names_that_are_no_utf8_do_no_harm(tmp_path: Path) -> None:
    data = packed(("b\u00fcro/2026-01-05.json", DAY)).replace("b\u00fc".encode(), b"b\xff\xfe")
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DataError, match="not readable as a zip archive"):
        list(read_source(SourceRecipe(path="a.zip"), folder=tmp_path))


def test_a_damaged_member_costs_itself(tmp_path: Path) -> None:
    data = bytearray(packed(("random/2026-01-06.json", DAY)))
    data[data.index(b"general/2026-01-05.json") + 40] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(bytes(data))
    items = list(read_source(SourceRecipe(path="a.zip"), folder=tmp_path))
    assert [item.reason for item in items if isinstance(item, Dropped)] == ["unreadable file"]
    assert [item.source for item in items if isinstance(item, Thread)] == [
        "random/2026-01-06.json:1767600000.000100"
    ]


def test_a_member_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed())
    tree = ZipTree(tmp_path / "a.zip", "a.zip")
    assert b"".join(tree.chunks("general/2026-01-05.json")) == DAY
    tree.close()


def test_links_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(DAY)
    (tmp_path / "export" / "general").mkdir(parents=True)
    (tmp_path / "export" / "general" / "2026-01-05.json").write_bytes(DAY)
    (tmp_path / "export" / "general" / "2026-01-06.json").symlink_to(tmp_path / "secret.json")
    items = list(read_source(SourceRecipe(path="export"), folder=tmp_path))
    assert [(i.source, i.reason) for i in items if isinstance(i, Dropped)] == [
        ("general/2026-01-06.json:1", "link")
    ]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "general").mkdir()
    (tmp_path / "general" / "2026-01-05.json").write_bytes(b"")
    tree = open_tree(tmp_path, "x")
    (tmp_path / "general" / "2026-01-05.json").unlink()
    with pytest.raises(RowError, match="reading failed"):
        b"".join(tree.chunks("general/2026-01-05.json"))
