"""Mails of real people and programs, read where they are; nothing of them is kept here."""

import re
from pathlib import Path

import pytest

from tests.sources.mail.mail_fixture import Piece, not_read, reasons, texts
from tunesmith.errors import DataError
from tunesmith.sources.mail.read_mail import read_mailbox

INTRODUCED = re.compile(r"^(?:On .* wrote:|From: .*@|-----Original|> )", re.MULTILINE)


def read(folder: Path, name: str) -> list[Piece]:
    return list(read_mailbox(folder / "exports" / "mail" / name, name))


@pytest.mark.parametrize(
    ("name", "num_turns", "named"),
    [
        ("users_ponymail_apache_org_2022-01.mbox", [3, 3], {"quoted text", "signature"}),
        ("complex.mbox", [4], {"quoted text", "signature"}),  # the first is in a quote alone
        ("headers.mbox", [1], set()),
        ("mime-multipart-digest.eml", [1, 1, 1], set()),
        ("mime-html-only.eml", [1], set()),
        ("fake-email-b64.eml", [1], set()),
        ("fake-email-utf-16.eml", [1], set()),
        ("jetspeed-user.portals.apache.org-27090.eml", [4], {"signature"}),
        ("testLotusEml.eml", [1], set()),
        ("testThunderbirdEml.eml", [1], set()),
    ],
)
def test_threads_are_whole_and_hold_no_quotes(
    shared_data: Path, name: str, num_turns: list[int], named: set[str]
) -> None:
    items = read(shared_data, name)
    found = texts(items)
    assert [len(turns) for turns in found] == num_turns
    assert reasons(items) == []
    assert set(not_read(items)) == named
    introduced = [text for turns in found for text in turns if INTRODUCED.search(text)]
    assert introduced == []


@pytest.mark.parametrize(
    ("name", "reason"), [("fake-encrypted.eml", "encrypted mail"), ("quoted.mbox", "no author")]
)
def test_what_nobody_can_read_is_dropped(shared_data: Path, name: str, reason: str) -> None:
    assert reasons(read(shared_data, name)) == [reason]


@pytest.mark.parametrize("name", ["testMSG.msg", "testMSG_forwarded.msg"])
def test_outlooks_own_mails_are_refused(shared_data: Path, name: str) -> None:
    with pytest.raises(DataError, match="Outlook"):
        read(shared_data, name)
