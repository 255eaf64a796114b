"""A log of IRC is seen by its lines, in the forms of several programs."""

from pathlib import Path

import pytest

from tests.sources.reading import read_content
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.material import Thread

SAID = [("10:15", "mara", "how do i reset it?"), ("10:16", "desk", "mara: hold the button")]


@pytest.mark.parametrize(
    "form",
    [
        "[{0}] <{1}> {2}",
        "{0} <@{1}> {2}",
        "{0} < {1}> {2}",
        "2024-10-14 {0}:00 <{1}> {2}",
        "Oct 14 {0}:00 <{1}>\t{2}",
        "Oct  4 {0}:00 <{1}>\t{2}",
        "2024-10-14 {0}:00\t@{1}\t{2}",
        "{0}\t{1}\t{2}",
    ],
)
def test_the_forms_of_several_programs_are_read(tmp_path: Path, form: str) -> None:
    content = "".join(form.format(*line) + "\n" for line in SAID).encode()
    (tmp_path / "a.log").write_bytes(content)
    assert detect_kind(SourceFile(path=tmp_path / "a.log", name="a.log")).kind.name == "irc"
    (thread,) = [piece for piece in read_content(tmp_path, "a.log", content) if _is_thread(piece)]
    assert [turn.author for turn in thread.turns] == ["mara", "desk"]  # type: ignore[union-attr]


def _is_thread(piece: object) -> bool:
    return isinstance(piece, Thread)


def test_a_table_of_times_with_a_header_is_a_table(tmp_path: Path) -> None:
    text = "time\tauthor\tmessage\n10:15\tmara\thow?\n10:16\tdesk\tso\n"
    (tmp_path / "a.tsv").write_text(text)
    kind = detect_kind(SourceFile(path=tmp_path / "a.tsv", name="a.tsv")).kind.name
    assert kind in ("tsv", "dialogues")
