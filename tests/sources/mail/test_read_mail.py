"""Threads of mails: what is the earlier turn, who is left out, and that no word is lost."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.mail.mail_fixture import Piece, mail, not_read, read, reasons, texts
from tunesmith.errors import DataError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.mail.read_mail import is_named_mail
from tunesmith.sources.material import Thread
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped

ASKED = "On 1/5/26 10:00, Mara Voss <mara@client.example> wrote:\n> How long does it take?\n"


def test_a_quote_of_a_mail_that_is_there_is_not_read_twice(tmp_path: Path) -> None:
    answer = mail(
        f"Three days.\n\n{ASKED}", number=1, author="Ben Ott", more="In-Reply-To: <0@x.example>\n"
    )
    items = read(tmp_path, mail("How long does it take?") + answer)
    assert texts(items) == [["How long does it take?", "Three days."]]
    assert "How long" in not_read(items)["quoted text"]


@pytest.mark.parametrize(
    "above", ["Three days.\n\n{}", "{}\nThree days.", "Hi,\n\n{}\nThree days."]
)
def test_a_quote_of_a_mail_that_is_missing_is_the_earlier_turn(tmp_path: Path, above: str) -> None:
    items = read(tmp_path, mail(above.format(ASKED), author="Ben Ott"))
    (thread,) = [item for item in items if isinstance(item, Thread)]
    assert [turn.author for turn in thread.turns] == ["mara@client.example", "ben@client.example"]
    assert thread.turns[0].text == "How long does it take?"
    assert not_read(items) == {}


def test_quotes_in_quotes_are_the_turns_before(tmp_path: Path) -> None:
    deep = "\n".join(f"> {line}" for line in ASKED.splitlines())
    body = (
        f"And by air?\n\nOn 1/6/26 10:00, Ben <ben@shop.example> wrote:\n> Three days.\n>\n{deep}\n"
    )
    items = read(tmp_path, mail(body))
    assert texts(items) == [["How long does it take?", "Three days.", "And by air?"]]


@pytest.mark.parametrize(
    "body",
    [
        "Three days.\n\nMara wrote:\n> How long does it take?\n",  # nobody knows who that is
        f"One.\n\n{ASKED}\nTwo.\n\n> And by air?\n",  # only parts of it
        "Three days.\n\nOn 1/5/26 10:00, M <mara@client.example> wrote:\n> Here it is.\n",
        "Three days.\n\nOn 1/5/26 10:00, Ben <ben@client.example> wrote:\n> How long?\n",  # oneself
    ],
)
def test_a_quote_that_is_no_whole_question_is_named(tmp_path: Path, body: str) -> None:
    items = read(tmp_path, mail(body, author="Ben Ott"))
    assert [len(turns) for turns in texts(items)] == [1]
    assert not_read(items)["quoted text"]


def test_the_same_mail_twice_is_read_once(tmp_path: Path) -> None:
    items = read(
        tmp_path, mail("How long?", subject="x") * 2 + mail("How long?", number=1, subject="x")
    )
    assert [len(turns) for turns in texts(items)] == [1, 1]
    assert reasons(items) == ["duplicate message"]


def test_the_authors_name_at_the_end_is_signature(tmp_path: Path) -> None:
    items = read(tmp_path, mail("Is it open?\n\nMara") + mail("Is it?\nVoss here", number=1))
    assert texts(items) == [["Is it open?", "Is it?\nVoss here"]]
    assert not_read(items) == {"signature": "Mara"}


@pytest.mark.parametrize(
    "sender",
    [
        "From: ann at a.example (Ann Lee)",
        "From: Ann Lee, Support <ann@a.example>",
        "From: =?utf-8?q?Ann?= <ann@a.example>, Ben <b@b.example>",
        "From: ann@a.example",
        'From: "Ann @ home" <ann@a.example>',
        "From: Änn <ann@a.example>",
    ],
)
def test_whoever_wrote_is_known(tmp_path: Path, sender: str) -> None:
    (item,) = read(tmp_path, f"{sender}\nSubject: Hours?\n\nWhen is it open?\n".encode(), "a.eml")
    assert isinstance(item, Thread)
    assert item.turns[0].author == "ann@a.example"


@pytest.mark.parametrize("first", ["From: a@b.example", "Date: x", "X-Odd: 1\nSubject: y"])
def test_a_mail_is_known_by_its_name_and_beginning(tmp_path: Path, first: str) -> None:
    (tmp_path / "a.eml").write_text(f"{first}\nFrom: a@b.example\n\nWhere is it?\n")
    (tmp_path / "b.eml").write_text("Nothing of a mail\n\nWhere is it?\n")
    (tmp_path / "a.msg").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    found = {name: explain_source(SourceRecipe(path=name), folder=tmp_path).kind
             for name in ("a.eml", "a.msg")}  # fmt: skip
    assert found == {"a.eml": "mbox", "a.msg": "mbox"}
    assert not is_named_mail(tmp_path / "b.eml", b"Nothing of a mail\n")


@pytest.mark.parametrize("magic", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"!BDN"])
def test_outlooks_own_files_are_refused_with_the_way_out(tmp_path: Path, magic: bytes) -> None:
    with pytest.raises(DataError, match="Outlook") as caught:
        read(tmp_path, magic + b"\0" * 100, "a.msg")
    assert "mbox" in (caught.value.cure or "")


@pytest.mark.parametrize(
    "head",
    [
        "Subject: " + "=?utf-8?q?aa?= " * 30_000,
        "From: " + "a@b.example, " * 100_000,
        "References: " + "<1@a> " * 100_000,
        "Content-Type: text/plain; " + "a=b; " * 30_000,
        "Content-Type: multipart/mixed; boundary=" + "b" * 100_000,
    ],
)
def test_endless_headers_take_no_time(tmp_path: Path, head: str) -> None:
    began = time.monotonic()
    assert read(tmp_path, f"From: a@b.example\n{head}\n\nHow long?\n".encode(), "a.eml")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "line",
    ["> ", "From: a\n", "On 1/5/26 10:00, M wrote:\n", "-- \n", " " * 100, "a@", "_" * 40 + "\n"],
)
def test_endless_bodies_take_time_by_their_length(tmp_path: Path, line: str) -> None:
    body = (line * (190_000 // len(line)))[:190_000]
    began = time.monotonic()
    assert read(tmp_path, mail(body))
    assert read(tmp_path, mail(f"<p>{body}</p>", more="Content-Type: text/html\n"))
    assert time.monotonic() - began < 20


WORDS = st.integers(0, 10**6)
PLACES = {
    "own": "{}?\n",
    "quoted": "> {}\n",
    "introduced": "\nOn 1/5/26 10:00, Mara wrote:\n> {}\n",
    "signature": "\n-- \n{}\n",
    "closing": "\nBest regards,\n{}\n",
    "forwarded": "\n-----Original Message-----\nFrom: E <e@e.example>\nSubject: x\n\n{}\n",
    "phone": "\nSent from my {}phone\n",
    "envelope": "\nFrom {} on\n",
}
HEADS = (
    "",
    'Content-Type: text/html; charset="utf-8"\n',
    "Content-Type: text/plain; format=flowed\n",
    "Content-Type: multipart/alternative; boundary=B\n",
    "Content-Type: multipart/mixed; boundary=B\n",
    "Precedence: bulk\n",
)


def everything(items: list[Piece]) -> str:
    """All that came out of a mailbox, but the beginnings only of what was dropped."""
    parts: list[str] = []
    for item in items:
        if isinstance(item, Thread):
            parts += [turn.text for turn in item.turns]
        else:
            parts.append(item.text)
    return "\n".join(parts)


@st.composite
def mailboxes(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A mailbox, and the words that stand in it."""
    words: list[str] = []
    data = b""
    for number in range(draw(st.integers(1, 3))):
        bodies = []
        head = draw(st.sampled_from(HEADS))
        for _ in range(2 if "multipart" in head else 1):
            places = draw(st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=4))
            found = [f"w{len(words) + n}x{draw(WORDS)}z" for n in range(len(places))]
            words += found
            bodies.append("".join(PLACES[p].format(w) for p, w in zip(places, found, strict=True)))
        body = bodies[0]
        if "multipart" in head:
            kinds = draw(st.permutations(["text/plain", "text/html", "text/x-odd"]))
            pieces = zip(kinds, bodies, strict=False)
            body = "".join(f"--B\nContent-Type: {k}\n\n{text}\n" for k, text in pieces) + "--B--\n"
        author = draw(st.sampled_from(["Mara Voss", "Ben Ott"]))
        data += mail(body, number=number, author=author, more=head)
    return data, words


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(box=mailboxes())
def test_every_word_of_a_mailbox_comes_out_once(
    tmp_path: Path, box: tuple[bytes, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunesmith.sources.lines.PREVIEW_CHARACTERS", 10**6)
    data, words = box
    items = read(tmp_path, data)
    said = everything(items)
    assert [word for word in words if said.count(word) != 1] == []


def test_the_text_of_a_dropped_mail_is_shown(tmp_path: Path) -> None:
    (item,) = read(tmp_path, mail("All the words", more="Auto-Submitted: auto-replied\n"))
    assert isinstance(item, Dropped)
    assert (item.reason, "All the words" in item.text) == ("bot message", True)
