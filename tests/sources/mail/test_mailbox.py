"""Where one mail ends and the next begins."""

from pathlib import Path

import pytest

from tests.sources.mail.mail_fixture import mail, not_read, read, reasons, texts
from tunesmith.sources.mail.mailbox import raw_mails

OTHER = "From: b@b.example\nSubject: x\n\nAn hour.\n"


def count(data: bytes) -> int:
    return len(list(raw_mails([data])))


@pytest.mark.parametrize(
    "envelope",
    [
        "From b@b.example Mon Jan  5 10:00:00 2026",
        "From b@b.example  Mon, 05 Jan 2026 10:00:00 +0000",
        "From - Mon Jan 05 10:00:00 2026",
        "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
        "From 1685432109876543210@xxx Mon Jan 05 10:00:00 +0000 2026",
        "From b at b.example  Mon Jan  5 10:00:00 2026",
        "From b@b.example Mon Jan  5 10:00:00 CET 2026",
        "From b@b.example Mon Jan  5 10:00:00 2026 +0100",
        "From b@b.example Mon Jan  5 10:00 2026",
        "From b@b.example Mon Jan  5 10:00:00 2026 remote from shop",
        "From b@b.example 2026-01-05 10:00:00",
        '"From b@b.example Mon Jan  5 10:00:00 2026'[1:],
        "From x",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_envelope_begins_a_mail(envelope: str, end: str) -> None:
    text = f"From a@a.example Mon Jan  5 09:00:00 2026\n{OTHER}\n{envelope}\n{OTHER}"
    assert count(text.replace("\n", end).encode()) == 2


@pytest.mark.parametrize(
    "line",
    [
        "From here I cannot see it. Which depot is it?",
        "From Monday on the depot is open until nine.",
        "From Monday Jan 5 2026 at 10:00 we are open",
        "From Jan 5 10:00 2026 on",
        "From b@b.example Mon Jan  5 10:00:00 2026\nwas the line that I saw",
        "From: nobody",
        "From",
        "From x\nto y",
    ],
)
def test_a_line_of_text_begins_none(tmp_path: Path, line: str) -> None:
    body = f"Where does it come from?\n\n{line}\n\nThat is all I know, is it not?"
    items = read(tmp_path, mail(body) + mail("The north.", number=1, author="Ben Ott"))
    assert texts(items) == [[body, "The north."]]
    assert reasons(items) == []


def test_a_mail_without_a_blank_line_before_it_is_still_one() -> None:
    assert count(mail("How long?").rstrip() + b"\n" + mail("An hour.")) == 2


def test_escaped_lines_lose_one_mark_in_a_mailbox_only(tmp_path: Path) -> None:
    body = ">From there it goes on, does it not?\n\n>>From two"
    assert texts(read(tmp_path, mail(body))) == [["From there it goes on, does it not?"]]
    single = mail(body).split(b"\n", 1)[1]
    assert not_read(read(tmp_path, single, "a.eml"))["quoted text"].startswith("From there")


@pytest.mark.parametrize(("added", "number"), [(0, 1), (-1, 1), (-2, 1), (40, 3), (-30, 2)])
def test_a_length_that_is_right_holds_the_mail_together(added: int, number: int) -> None:
    """One that is wrong does not: what looks like a mail begins one."""
    inner = mail("Inside?").decode()
    body = f"See this mail:\n\n{inner}Which depot is it?\n"
    data = mail(body, more=f"Content-Length: {len(body) + 2 + added}\n")
    if number == 3:
        data += mail("Later.")
    assert count(data) == (number if number != 3 else 3)


def test_a_length_beyond_the_file_swallows_nothing() -> None:
    data = mail("How long?", more="Content-Length: 999999\n") + mail("An hour.")
    assert count(data) == 2
    assert count(mail("x", more="Content-Length: 99999999999\n") + mail("An hour.") * 3) == 4


def test_lines_and_ends_are_counted(tmp_path: Path) -> None:
    data = mail("How long?").replace(b"\n", b"\r\n") + mail("", number=1, author="Ben Ott")
    items = read(tmp_path, data)
    assert texts(items) == [["How long?"]]
    assert reasons(items) == ["no text"]
    assert [raw.line for raw in raw_mails([data])] == [1, 9]


def test_a_folder_and_an_archive_of_mails_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    (folder / "cur").mkdir(parents=True)
    (folder / "a.eml").write_bytes(mail("How long?").split(b"\n", 1)[1])
    (folder / "cur" / "1.host:2,S").write_bytes(mail("An hour.", number=1, author="Ben Ott"))
    (folder / "notes.txt").write_text("no mail at all\n")
    from tunesmith.recipe.source_recipe import SourceRecipe
    from tunesmith.sources.read_source import read_source

    items = list(read_source(SourceRecipe(path="mails"), folder=tmp_path))
    assert texts(items) == [["How long?", "An hour."]]  # type: ignore[arg-type]
    assert reasons(items) == ["not a mail"]  # type: ignore[arg-type]
