"""Letters: whatever a mail says of its bytes, none is guessed wrongly and none is lost."""

from pathlib import Path

import pytest

from tests.sources.mail.mail_fixture import mail, read, reasons, texts
from tunesmith.sources.mail.charsets import decoded, known_charset
from tunesmith.sources.row import RowError

COLOGNE = "How long does delivery to Köln take?"


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ('text/plain; charset=""', "utf-8", COLOGNE),
        ("text/plain", "utf-8", COLOGNE),
        ("text/plain; charset=us-ascii", "utf-8", COLOGNE),
        ("text/plain; charset=iso-8859-1", "utf-8", COLOGNE),
        ("text/plain; charset=cp-850", "cp850", COLOGNE),
        ("text/plain; charset=IBM850", "cp850", COLOGNE),
        ("text/plain; charset=x-unknown", "cp1252", COLOGNE),
        ("text/plain; charset=unknown-8bit", "cp1252", COLOGNE),
        ("text/plain; charset=utf-8", "cp1252", COLOGNE),
        ("text/plain; charset=rot13", "utf-8", COLOGNE),
        ("text/plain; charset=iso-8859-1", "cp1252", "The “north” gate — where is it?"),
        ("text/plain; charset=iso-8859-8-i", "iso8859_8", "כמה זמן נמשך המשלוח?"),
        ("text/plain; charset=ks_c_5601-1987", "cp949", "배송은 얼마나 걸리나요? 똠"),
        ("text/plain; charset=x-mac-roman", "mac_roman", COLOGNE),
        ("text/plain; charset=gb2312", "gb18030", "送货需要多长时间？镕"),
        ("text/plain; charset=unicode-1-1-utf-7", "utf-7", COLOGNE),
        ("text/plain; charset=windows-1251http-equivcontent", "cp1251", "Когда придёт?"),
        ("text/plain", "iso2022_jp", "配送にはどのくらいかかりますか？"),
        ("text/plain", "cp1251", "Когда откроется магазин?"),
        ("text/plain; charset=iso-8859-1", "cp1251", "Когда откроется магазин?"),
        ("text/plain", "koi8_r", "Сколько длится доставка в Москву?"),
        ("text/plain", "iso8859_2", "Kdy přijde zásilka do Plzně? Čekám už týden."),
        ("text/plain", "cp1252", "Où est le café à côté de la gare, pour vous?"),
    ],
)
def test_the_letters_are_those_that_were_written(
    tmp_path: Path, declared: str, codec: str, text: str
) -> None:
    data = mail(text.encode(codec), more=f"Content-Type: {declared}\n")
    assert texts(read(tmp_path, data)) == [[text]]


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("iso8859_2", "Kdy přijde?"),
        ("cp1250", "Mikor jön az őr?"),
        ("cp1250", "Unde este casă?"),
        ("cp1254", "Kargo ne zaman gelecek? Şişli'ye gönderildi mi?"),
        ("cp850", "Köln"),
        ("cp1255", "כמה זמן?"),
    ],
)
def test_where_several_letters_are_possible_none_is_taken(
    tmp_path: Path, codec: str, text: str
) -> None:
    items = read(tmp_path, mail(text.encode(codec), more="Content-Type: text/plain\n"))
    assert (texts(items), reasons(items)) == ([], ["unknown characters"])


def test_the_rest_of_a_mail_says_what_its_letters_are() -> None:
    text = "Kdy přijde?"
    assert decoded(text.encode("iso8859_2"), None, others=["iso-8859-2"]) == text
    with pytest.raises(RowError, match="not known"):
        decoded(text.encode("iso8859_2"), None, others=["none"])


def test_letters_that_were_lost_before_are_not_trained_on(tmp_path: Path) -> None:
    items = read(tmp_path, mail("K\ufffdln is where?"))
    assert (texts(items), reasons(items)) == ([], ["unknown characters"])


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?utf-8?q?K=C3=B6ln=3F?=", "Köln?"),
        ("=?UTF-8?B?S8O2bG4/?=", "Köln?"),
        ("=?utf-8?B?S8M=?= =?utf-8?B?tmxuPw==?=", "Köln?"),  # a letter cut in two
        ("=?utf-8?q?Where is K=C3=B6ln??=", "Where is Köln?"),  # blanks and marks as they are
        ("=?iso-8859-1?Q?K=F6ln?=\n =?iso-8859-1?Q?_gate=3F?=", "Köln gate?"),
        ("=?cp-850?Q?K=94ln=3F?=", "Köln?"),
        ("=?x-unknown?Q?K=C3=B6ln=3F?=", "Köln?"),
        ("Köln?", "Köln?"),
        ("The =?utf-8?q?K=C3=B6ln?= gate?", "The Köln gate?"),
        ("=?utf-8?B?S8O2bG4/", "=?utf-8?B?S8O2bG4/"),
    ],
)
def test_subjects_in_whatever_letters_are_read(tmp_path: Path, raw: str, subject: str) -> None:
    assert texts(read(tmp_path, mail("Hello", subject=raw))) == [[f"{subject}\n\nHello"]]


def test_a_subject_that_nobody_can_read_is_no_question(tmp_path: Path) -> None:
    items = read(tmp_path, mail("Hello", subject="=?utf-8?q?K=F8l=F8=EC?="))
    assert (texts(items), reasons(items)) == ([], ["unknown characters"])


@pytest.mark.parametrize("name", ["", None, "x-none", "hex", "unicode_escape", "a\0b", "é" * 80])
def test_a_name_that_nobody_knows_is_none(name: str | None) -> None:
    assert known_charset(name) is None
