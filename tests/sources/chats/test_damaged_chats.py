"""Damaged chats of every kind: a counted reason or a clear error, and bounded memory."""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.values import KIND_NAMES
from tunesmith.sources.row import Dropped

IRC = "[10:00] <ann> how do i list open ports?\n[10:01] <bob> ann: ss -tlnp\n"
WHATSAPP = (
    "12/28/25, 9:01 AM - Ann: Do you still rent out the canoe?\n"
    "12/28/25, 9:05 AM - Boats: Yes, 30 a day.\n"
)
MBOX = (
    "From a@a Mon Jan  5 10:00:00 2026\nFrom: a@a\nMessage-ID: <1@a>\nSubject: x\n\nHow long?\n\n"
    "From b@b Mon Jan  5 11:00:00 2026\nFrom: b@b\nIn-Reply-To: <1@a>\nSubject: x\n\nAn hour.\n"
)
MESSENGER = json.dumps(
    {
        "participants": [{"name": "Ann"}, {"name": "Bob"}],
        "messages": [
            {"sender_name": "Bob", "timestamp_ms": 2000, "content": "At noon."},
            {"sender_name": "Ann", "timestamp_ms": 1000, "content": "When do you open?"},
        ],
    }
)
CSV = "ticket_id,role,message\nT1,customer,Where is my parcel?\nT1,agent,With the courier.\n"
JSONL = (
    '{"id": 1, "turns": [{"role": "customer", "text": "Is it open?"},'
    ' {"role": "agent", "text": "Yes, all day."}]}\n'
)
SOUND = {
    "irc": ("c.log", IRC),
    "whatsapp": ("c.txt", WHATSAPP),
    "mbox": ("c.mbox", MBOX),
    "messenger": ("message_1.json", MESSENGER),
    "dialogues": ("c.csv", CSV),
}
KINDS = pytest.mark.parametrize("kind", SOUND)


def read(folder: Path, name: str, data: bytes, kind: str) -> list[Example | Dropped]:
    (folder / name).write_bytes(data)
    source = SourceRecipe.model_validate({"path": name, "kind": kind})
    return list(read_all([source], folder=folder))


@KINDS
def test_an_empty_file_says_so(tmp_path: Path, kind: str) -> None:
    name, _ = SOUND[kind]
    with pytest.raises(DataError) as caught:
        read(tmp_path, name, b"", kind)
    assert (caught.value.exit_code, caught.value.where) == (3, name)
    assert caught.value.cure


@KINDS
def test_half_a_file_loses_nothing_in_silence(tmp_path: Path, kind: str) -> None:
    name, text = SOUND[kind]
    data = text.encode()
    for end in range(1, len(data)):
        try:
            items = read(tmp_path, name, data[:end], kind)
        except DataError as error:
            assert error.exit_code == 3  # noqa: PT017 - either outcome is right
            continue
        assert items


@KINDS
def test_a_broken_byte_is_named(tmp_path: Path, kind: str) -> None:
    name, text = SOUND[kind]
    data = text.encode()
    place = data.rindex(b"n")
    try:
        items = read(tmp_path, name, data[:place] + b"\xff\xfe" + data[place:], kind)
    except DataError as error:
        assert "UTF-8" in str(error)  # noqa: PT017
        return
    assert items


@pytest.mark.parametrize(
    ("kind", "name", "make"),
    [
        ("irc", "c.log", lambda: IRC.encode() + b"[10:02] <bob> " + b"x" * (100 << 20)),
        ("whatsapp", "c.txt", lambda: WHATSAPP.encode() + b"x" * (20 << 20)),
        ("mbox", "c.mbox", lambda: MBOX.encode() + b"x" * (20 << 20)),
        ("dialogues", "c.jsonl", lambda: JSONL.encode() + b"x" * (20 << 20)),
        (
            "messenger",
            "message_1.json",
            lambda: MESSENGER.replace("At noon.", "x" * (20 << 20)).encode(),
        ),
    ],
)
def test_an_endless_line_costs_itself(
    tmp_path: Path, kind: str, name: str, make: Callable[[], bytes]
) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    items = read(tmp_path, name, make(), kind)
    reasons = [item.reason for item in items if isinstance(item, Dropped)]
    assert reasons
    assert all(len(item.text) < 2_000 for item in items if isinstance(item, Dropped))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 800_000  # kB
    if kind not in ("messenger", "mbox"):
        assert any(isinstance(item, Example) for item in items)


@pytest.mark.parametrize(
    ("kind", "name"), [("messenger", "message_1.json"), ("dialogues", "c.jsonl")]
)
def test_deep_json_is_refused_or_counted(tmp_path: Path, kind: str, name: str) -> None:
    deep = b'{"messages": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"
    try:
        items = read(tmp_path, name, deep + (JSONL.encode() if kind == "dialogues" else b""), kind)
    except DataError as error:
        assert error.exit_code == 3  # noqa: PT017
        return
    assert [item.reason for item in items if isinstance(item, Dropped)]


def test_every_kind_is_read(tmp_path: Path) -> None:
    """A kind that the recipe allows and nobody reads would end in a traceback."""
    (tmp_path / "x").write_bytes(b"\x01 no such content\n")
    for kind in KIND_NAMES.built_in:
        try:
            list(read_all([SourceRecipe(path="x", kind=kind)], folder=tmp_path))
        except DataError:
            continue
