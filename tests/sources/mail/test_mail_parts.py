"""Mails of several parts: what is read of them, and that the rest is named."""

import time
from pathlib import Path

import pytest

from tests.sources.mail.mail_fixture import mail, not_read, read, reasons, texts

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


def several(kind: str, *parts: tuple[str, str], after: str = "") -> str:
    """A mail of parts, each with its headers."""
    body = "".join(f"--BB\nContent-Type: {head}\n\n{text}\n" for head, text in parts)
    return f'Content-Type: {kind}; boundary="BB"\n\nnot shown\n{body}--BB--\n{after}'


def parts(folder: Path, kind: str, *found: tuple[str, str], after: str = "") -> list[object]:
    data = several(kind, *found, after=after)
    more, _, body = data.partition("\n\n")
    return list(read(folder, mail(body, more=f"MIME-Version: 1.0\n{more}\n")))


@pytest.mark.parametrize(
    ("plain", "page", "wanted"),
    [
        ("", "<p>Is it open?</p>", "Is it open?"),
        ("\u200b\u00a0\ufeff", "<p>Is it open?</p>", "Is it open?"),
        ("-- \nBen Ott", "<p>Is it open?</p>", "Is it open?"),
        ("> quoted", "<p>Is it open?</p>", "Is it open?"),
        ("  \n", "<p>Is it open?</p>", "Is it open?"),
        ("This mail needs HTML.", "<p>Is the shop open now?</p>", "Is the shop open now?"),
        (
            "Your program does not show HTML.",
            "<p>Where is the key of the lock?</p>",
            "Where is the key of the lock?",
        ),
        ("Your mail program does not support HTML.", "<p>Is it open?</p>", "Is it open?"),
        ("Diese Nachricht ist im HTML-Format.", "<p>Is it open?</p>", "Is it open?"),
        ("Veuillez afficher ce message en HTML", "<p>Is it open?</p>", "Is it open?"),
        ("Is HTML open?", "<p>Is <b>HTML</b> open?</p>", "Is HTML open?"),
        ("Is it open?", "<p>Is it <b>open</b>?</p>", "Is it open?"),
        ("Is it open? And", "<p>Is it open? And on Sundays, from when to when, please?</p>", None),
        (
            "Is it open?\n\n> long quote of what was said before, that is",
            "<p>Is it open?</p><blockquote>long quote of what was said before</blockquote>",
            "Is it open?",
        ),
    ],
)
def test_of_two_versions_the_one_that_says_more_is_read(
    tmp_path: Path, plain: str, page: str, wanted: str | None
) -> None:
    items = parts(tmp_path, "multipart/alternative", (PLAIN, plain), (HTML, page))
    expected = wanted or "Is it open? And on Sundays, from when to when, please?"
    assert texts(items) == [[expected]]  # type: ignore[arg-type]


def test_what_only_the_other_version_says_is_named(tmp_path: Path) -> None:
    found = ((PLAIN, "Is it open? View it in a browser"), (HTML, "<p>Is it open? Unsubscribe</p>"))
    items = parts(tmp_path, "multipart/alternative", *found)
    assert not_read(items)["alternative text"] == "Unsubscribe"  # type: ignore[arg-type]


def test_texts_one_below_the_other_are_read_and_files_are_named(tmp_path: Path) -> None:
    items = parts(
        tmp_path,
        "multipart/mixed",
        (PLAIN, "Is it open?"),
        ('text/plain; name="n.txt"\nContent-Disposition: attachment', "words of a file"),
        ('image/png; name="shop.png"\nContent-Transfer-Encoding: base64', "AAAA"),
        ("text/calendar; charset=utf-8", "BEGIN:VCALENDAR"),
        (PLAIN, "And on Sundays?"),
        ("application/pgp-signature", "-----BEGIN PGP SIGNATURE-----"),
        after="list footer",
    )
    assert texts(items) == [["Is it open?\n\nAnd on Sundays?"]]  # type: ignore[arg-type]
    named = not_read(items)  # type: ignore[arg-type]
    assert named == {
        "attachment": "n.txt\nwords of a file",
        "picture": "shop.png",
        "calendar": "text/calendar\nBEGIN:VCALENDAR",
        "electronic signature": "application/pgp-signature",
        "text outside of the parts": "not shown\nlist footer",
    }


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/alternative"])
def test_thousands_of_parts_take_time_by_their_number(tmp_path: Path, kind: str) -> None:
    began = time.monotonic()
    found = [(f"text/plain; charset=c{number}", "Is it?") for number in range(8_000)]
    assert texts(parts(tmp_path, kind, *found))  # type: ignore[arg-type]
    assert time.monotonic() - began < 20


def test_parts_in_parts_are_read(tmp_path: Path) -> None:
    inner = several("multipart/alternative", (PLAIN, ""), (HTML, "<p>Is it <i>open</i>?</p>"))
    inner = inner.replace("BB", "CC")
    head, _, body = inner.partition("\n\n")
    kind = head.removeprefix("Content-Type: ")
    items = parts(tmp_path, "multipart/related", (kind, body), ("image/png", "AAAA"))
    assert texts(items) == [["Is it open?"]]  # type: ignore[arg-type]


FORWARDED = (
    "From: Eve <eve@e.example>\nSubject: Hours\nMessage-ID: <7@e>\n"
    "Content-Type: text/plain\n\nWhen do you open?\n"
)


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/digest"])
def test_a_mail_inside_of_a_mail_is_one_of_its_own(tmp_path: Path, kind: str) -> None:
    found = [("message/rfc822", FORWARDED)]
    if kind == "multipart/mixed":
        found.insert(0, (PLAIN, "Can you answer her, please?"))
    items = parts(tmp_path, kind, *found)
    expected = [["Can you answer her, please?"]] if kind == "multipart/mixed" else []
    assert texts(items) == [*expected, ["When do you open?"]]  # type: ignore[arg-type]
    assert reasons(items) == []  # type: ignore[arg-type]


def test_a_mail_that_a_program_returns_is_named(tmp_path: Path) -> None:
    head, _, body = several(
        "multipart/report", (PLAIN, "Not delivered."), ("message/rfc822", FORWARDED)
    ).partition("\n\n")
    items = read(tmp_path, mail(body, more=f"Auto-Submitted: auto-replied\n{head}\n"))
    assert (texts(items), reasons(items)) == ([], ["bot message"])
    assert not_read(items)["returned mail"] == "When do you open?"


def test_a_part_in_rtf_is_named(tmp_path: Path) -> None:
    found = ((PLAIN, "Is it open?"), ("text/rtf", "{\\rtf1 Is it open now?}"))
    items = parts(tmp_path, "multipart/mixed", *found)
    assert texts(items) == [["Is it open?"]]  # type: ignore[arg-type]
    assert "{\\rtf1" in not_read(items)["attachment"]  # type: ignore[arg-type]


def test_enriched_text_loses_its_marks(tmp_path: Path) -> None:
    items = read(tmp_path, mail("<bold>Is</bold> 1 <<x>?", more="Content-Type: text/enriched\n"))
    assert texts(items) == [["Is 1 <x>?"]]


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: multipart/encrypted; boundary=BB\n",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n",
        "Content-Type: text/plain\n",
    ],
)
def test_an_encrypted_mail_is_dropped_and_said_to_be(tmp_path: Path, head: str) -> None:
    body = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    if "BB" in head:
        body = f"--BB\nContent-Type: application/octet-stream\n\n{body}--BB--\n"
    assert reasons(read(tmp_path, mail(body, more=head))) == ["encrypted mail"]


def test_a_signed_text_loses_its_armour(tmp_path: Path) -> None:
    body = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIs it open?\n- -- dashed\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    )
    items = read(tmp_path, mail(body))
    assert texts(items) == [["Is it open?\n-- dashed"]]
    assert "iQEz" in not_read(items)["electronic signature"]


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        ("format=flowed", "Is it open on \nSundays, and \nwhen?\n\n- a \nb", None),
        (
            "format=flowed; delsp=yes",
            "店は日曜日に \n開いていますか？",
            "店は日曜日に開いていますか？",
        ),
        ("format=flowed", "> quoted and \n> flowed\nIs it?", "Is it?"),
        ("format=flowed", " > no quote, is it?", "> no quote, is it?"),
        ("format=fixed", "Is it \nopen?", "Is it\nopen?"),
    ],
)
def test_flowing_lines_are_joined(tmp_path: Path, head: str, body: str, wanted: str | None) -> None:
    items = read(tmp_path, mail(body, more=f"Content-Type: text/plain; charset=utf-8; {head}\n"))
    wanted = wanted or "Is it open on Sundays, and when?\n\n- a b"
    found = texts(items)
    assert found == [[wanted]] or (wanted.startswith(">") and not_read(items))


@pytest.mark.parametrize(
    ("encoding", "body", "wanted"),
    [
        ("quoted-printable", "K=C3=B6ln, is it =\nopen?", "Köln, is it open?"),
        ("quoted-printable", "Is 1=ZZ right=", "Is 1=ZZ right="),
        ("base64", "S8O2bG4/", "Köln?"),
        ("base64", "S8O2bG4", "Köln"),
        ("base64", "S8O2\nbG4/\nUsers mailing list -- a@b.example\n", "Köln?"),
        ("base64", "Is it open, or not?", "Is it open, or not?"),
        ("BASE64 ", "S8O2bG4/", "Köln?"),
        ("x-odd", "Is it open?", "Is it open?"),
        ("8bit", "Köln?", "Köln?"),
    ],
)
def test_encodings_right_and_wrong(tmp_path: Path, encoding: str, body: str, wanted: str) -> None:
    head = f"Content-Type: {PLAIN}\nContent-Transfer-Encoding: {encoding}\n"
    found = texts(read(tmp_path, mail(body, more=head)))
    assert [text.rstrip("=") for text in found[0]] == [wanted.rstrip("=")]


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<div>One</div><div>two?</div>", "One\ntwo?"),
        ("One<br>two?", "One\ntwo?"),
        ("<p>One</p><p>two?</p>", "One\n\ntwo?"),
        ("<table><tr><td>a</td><td>b?</td></tr></table>", "a b?"),
        ("<pre>if x:\n    y?</pre>", "if x:\n    y?"),
        ('See <a href="https://e.example/x">the page</a>?', "See the page (https://e.example/x)?"),
        ('<a href="https://e.example/">e.example</a>?', "e.example?"),
        ("<ul><li>a</li><li>b?</li></ul>", "- a\n- b?"),
        ('A?<div style="display:none">secret</div><img alt="logo"><title>t</title>', "A?"),
        ('A?<div class="gmail_signature">Ben</div>', "A?"),
        ('A?<blockquote type="cite">q</blockquote>', "A?"),
        ('<blockquote style="margin:0 0 0 40px;border:none">A?</blockquote>', "A?"),
        (
            'A?<div class="gmail_quote">On 5 Jan 2026 at 10:00 Mara wrote:<blockquote>q'
            "</blockquote></div>",
            "A?",
        ),
        (
            'A?<hr><div id="divRplyFwdMsg"><b>Von:</b> M &lt;m@x.example&gt;<br><b>Gesendet:</b> '
            "Montag, 5. Januar 2026 10:00<br><b>An:</b> H<br><b>Betreff:</b> D</div><div>q</div>",
            "A?",
        ),
        ("A?<div class=moz-cite-prefix>5.1.2026 10:00, M пише:</div><blockquote>q</blockquote>",
         "A?"),
    ],
)  # fmt: skip
def test_html_is_read_as_people_see_it(tmp_path: Path, page: str, wanted: str) -> None:
    items = read(
        tmp_path, mail(f"<html><body>{page}</body></html>", more=f"Content-Type: {HTML}\n")
    )
    assert texts(items) == [[wanted]]
    for hidden in ("secret", "logo", "Ben", "q</"):
        assert (hidden in page) == (hidden in " ".join(not_read(items).values())) or "</" in hidden


@pytest.mark.parametrize(
    "head",
    [
        "text/html charset=utf-8",
        "text/html; charset=",
        "TEXT/HTML",
        "html",
        'text/html; charset="utf-8',
    ],
)
def test_a_kind_that_is_written_wrongly_is_seen(tmp_path: Path, head: str) -> None:
    page = "<html><body><p>Köln?</p></body></html>"
    items = read(tmp_path, mail(page, more=f"Content-Type: {head}\n"))
    assert texts(items) == [["Köln?"]]


def test_a_mail_without_borders_between_its_parts_is_named(tmp_path: Path) -> None:
    data = several("multipart/mixed", (PLAIN, "Is it open?")).replace('; boundary="BB"', "")
    head, _, body = data.partition("\n\n")
    assert reasons(read(tmp_path, mail(body, more=f"{head}\n"))) == ["unreadable mail"]
    assert texts(read(tmp_path, mail("Is it open?", more="Content-Type: multipart/mixed\n"))) == [
        ["Is it open?"]
    ]
