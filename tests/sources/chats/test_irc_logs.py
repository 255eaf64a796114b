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
        "[14.10.2024 {0}:00] <{1}> {2}",
        "[10/14/24 {0}] <@{1}> {2}",
    ],
)
def test_the_forms_of_several_programs_are_read(tmp_path: Path, form: str) -> None:
    content = "".join(form.format(*line) + "\n" for line in SAID).encode()
    (tmp_path / "a.log").write_bytes(content)
    assert detect_kind(SourceFile(path=tmp_path / "a.log", name="a.log")).kind.name == "irc"
    (thread,) = [piece for piece in read_content(tmp_path, "a.log", content) if _is_thread(piece)]
    assert [turn.author for turn in thread.turns] == ["mara", "desk"]  # type: ignore[union-attr]


@pytest.mark.parametrize("stamp", ["[14.10.2024 10:15:00]", "[10:15:00]", "[10:15]"])
@pytest.mark.parametrize(
    "notice", ["--> mara (m@h) has joined", "-*- mara waves", "mara (m@h) left"]
)
def test_what_a_program_notes_is_no_name_above_the_messages(
    tmp_path: Path, stamp: str, notice: str
) -> None:
    lines = [f"{stamp} <{who}> {words}" for _, who, words in SAID]
    notices = [f"{stamp} {notice.replace('mara', nick)}" for nick in ("mara", "dora")]
    content = "\n".join([lines[0], *notices, *lines[1:], *lines]).encode()
    threads = [piece for piece in read_content(tmp_path, "a.log", content) if _is_thread(piece)]
    said = [turn.text for thread in threads for turn in thread.turns]  # type: ignore[union-attr]
    assert set(said) == {"how do i reset it?", "hold the button"}


@pytest.mark.parametrize("notice", ["-->\tmara (m@h) has joined", "--\tmode: +v", " *\tmara waves"])
def test_a_log_may_begin_with_who_came(tmp_path: Path, notice: str) -> None:
    lines = [f"10:14\t{notice}", *("\t".join(line) for line in SAID)]
    (tmp_path / "a.log").write_text("\n".join(lines))
    assert detect_kind(SourceFile(path=tmp_path / "a.log", name="a.log")).kind.name == "irc"


@pytest.mark.parametrize(
    "marked",
    ["\x0304,01{}\x03", "\x02{}\x0f", "\x04ff0000{}\x04", "\x1b[1;31m{}\x1b[0m", "\x1d{}\x1f"],
)
def test_colours_are_no_words(tmp_path: Path, marked: str) -> None:
    content = "".join(f"[{at}] <{who}> {marked.format(words)}\n" for at, who, words in SAID)
    (thread,) = read_content(tmp_path, "a.log", content.encode())
    assert isinstance(thread, Thread)
    assert [turn.text for turn in thread.turns] == ["how do i reset it?", "hold the button"]


def _is_thread(piece: object) -> bool:
    return isinstance(piece, Thread)


def test_a_table_of_times_with_a_header_is_a_table(tmp_path: Path) -> None:
    text = "time\tauthor\tmessage\n10:15\tmara\thow?\n10:16\tdesk\tso\n"
    (tmp_path / "a.tsv").write_text(text)
    kind = detect_kind(SourceFile(path=tmp_path / "a.tsv", name="a.tsv")).kind.name
    assert kind in ("tsv", "dialogues")
