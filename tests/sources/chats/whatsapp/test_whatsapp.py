"""What a chat of WhatsApp holds: names with colons, notices, files, orders of dates."""

import datetime
from pathlib import Path

import pytest

from tunesmith.sources.chats.message_intent import asks_question
from tunesmith.sources.chats.post import DELETED, NO_TEXT, SYSTEM_MESSAGE, Post
from tunesmith.sources.chats.whatsapp.whatsapp import read_posts
from tunesmith.sources.row import Dropped, NotRead


def read(folder: Path, *messages: str, head: str = "14.08.21, 12:{m} - ") -> list[object]:
    lines = [head.format(m=10 + number) + message for number, message in enumerate(messages)]
    (folder / "c.txt").write_text("\n".join(lines), encoding="utf-8")
    return list(read_posts(folder / "c.txt", "c.txt"))


def said(pieces: list[object]) -> list[tuple[str, str]]:
    return [(post.turn.author, post.turn.text) for post in pieces if isinstance(post, Post)]


@pytest.mark.parametrize(
    "name",
    [
        "Mara: Private",
        "Mara:Private",
        "Dr. Ott: Work: Home",
        "Ann :) Shop",
        "Амина: Работа",
        "a: b",
    ],
)
def test_a_name_with_a_colon_stays_a_name(tmp_path: Path, name: str) -> None:
    turns = [(name, "How?"), ("Desk", "So."), (name, "And where: here?"), ("Desk", "There.")]
    assert said(read(tmp_path, *(f"{who}: {text}" for who, text in turns))) == turns


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Q: how?", "Q: where?"),  # a label, not a name
        ("Desk: how?", "Desk: where?"),  # whom she speaks to
        ("first: how?", "then: where?"),
        ("Note: how?", "where?"),
    ],
)
def test_words_with_a_colon_that_are_no_name_stay_in_the_text(
    tmp_path: Path, first: str, second: str
) -> None:
    pieces = read(tmp_path, f"Mara: {first}", "Desk: So.", f"Mara: {second}", "Desk: There.")
    assert said(pieces) == [("Mara", first), ("Desk", "So."), ("Mara", second), ("Desk", "There.")]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Messages and calls are end-to-end encrypted. Tap to learn more.", SYSTEM_MESSAGE),
        ("\u200eNachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.", SYSTEM_MESSAGE),
        ("消息和通话已经过端到端加密。", SYSTEM_MESSAGE),
        ('Mara changed the subject to "Plans: summer"', SYSTEM_MESSAGE),
        ("Desk: \u200eVous avez ajouté Ann", SYSTEM_MESSAGE),
        ("Desk: <Media omitted>", NO_TEXT),
        ("Desk: <Médias omis>", NO_TEXT),
        ("Desk: <Без медиафайлов>", NO_TEXT),
        ("Desk: <メディアは含まれていません>", NO_TEXT),
        ("Desk: IMG-20240101-WA0001.jpg (ملف مرفق)", NO_TEXT),
        ("Desk: Se eliminó este mensaje.", DELETED),
        ("Desk: Bu mesaj silindi", DELETED),
        ("Desk: このメッセージは削除されました。", DELETED),
        ("Desk: \u200eتم حذف هذه الرسالة", DELETED),
    ],
)
def test_what_the_app_wrote_is_dropped_with_its_reason(
    tmp_path: Path, message: str, reason: str
) -> None:
    pieces = read(tmp_path, "Mara: How?", message, "Mara: And where?")
    assert said(pieces) == [("Mara", "How?"), ("Mara", "And where?")]
    dropped = [piece for piece in pieces if isinstance(piece, Dropped)]
    assert [(piece.source, piece.reason) for piece in dropped] == [("c.txt:2", reason)]


@pytest.mark.parametrize(
    ("message", "text", "mark"),
    [
        ("Soon. \u200e<This message was edited>", "Soon.", "\u200e<This message was edited>"),
        ("Soon. <Diese Nachricht wurde bearbeitet>", "Soon.", "<Diese Nachricht wurde bearbeitet>"),
        ("Soon. <Se editó este mensaje.>", "Soon.", "<Se editó este mensaje.>"),
        ("Soon. <Editat>", "Soon.", "<Editat>"),
        ("Soon. <Tin nhắn này đã được chỉnh sửa.>", "Soon.", "<Tin nhắn này đã được chỉnh sửa.>"),
        ("Soon. \u200e<Wiadomość zmieniono>", "Soon.", "\u200e<Wiadomość zmieniono>"),
        ("The bill \u200e<attached: 01.pdf>", "The bill", "\u200e<attached: 01.pdf>"),
        ("a b.pdf (file attached)\nThe bill", "The bill", "a b.pdf (file attached)"),
        ("IMG-1.jpg (arquivo anexado)\nThe bill", "The bill", "IMG-1.jpg (arquivo anexado)"),
    ],
)
def test_what_the_app_wrote_into_a_message_is_named_and_not_read(
    tmp_path: Path, message: str, text: str, mark: str
) -> None:
    pieces = read(tmp_path, f"Mara: {message}")
    assert said(pieces) == [("Mara", text)]
    assert [piece.text for piece in pieces if isinstance(piece, NotRead)] == [mark]


def days(folder: Path, *dates: str) -> list[datetime.date]:
    lines = [f"{date} - Mara: Hi" for date in dates]
    (folder / "c.txt").write_text("\n".join(lines), encoding="utf-8")
    posts = [post for post in read_posts(folder / "c.txt", "c.txt") if isinstance(post, Post)]
    seconds = [post.turn.seconds or 0 for post in posts]
    return [datetime.datetime.fromtimestamp(one, datetime.UTC).date() for one in seconds]


JANUARY = [datetime.date(2024, 1, day) for day in (2, 3, 4)]


@pytest.mark.parametrize(
    "dates",
    [
        ("1/2/24, 9:00 AM", "1/3/24, 9:00 AM", "1/4/24, 9:00 AM"),  # as usual in the United States
        ("02/01/2024, 9:00 am", "03/01/2024, 9:00 am", "04/01/2024, 9:00 am"),
        ("01/02/24, 09:00", "01/03/24, 09:00", "01/04/24, 09:00"),  # days follow each other
        ("24/1/2 09:00", "24/1/3 09:00", "24/1/4 09:00"),
        ("2024. 1. 2. 오전 9:00", "2024. 1. 3. 오전 9:00", "2024. 1. 4. 오전 9:00"),
    ],
)
def test_day_month_and_year_are_told_apart_over_the_whole_file(
    tmp_path: Path, dates: tuple[str, ...]
) -> None:
    assert days(tmp_path, *dates) == JANUARY


@pytest.mark.parametrize(
    ("dates", "num_days"),
    [
        (("30/12/2566 23:50", "1/1/2567 0:10"), 2),  # Buddhist
        (("28/2/67 23:50", "1/3/67 0:10"), 2),  # of 2567, a leap year
        (("1403/6/31، 23:50", "1403/7/1، 0:10"), 1),  # Persian
        (("1446/1/29 هـ 11:50 م", "1446/2/1 هـ 12:10 ص"), 2),  # Hijri
    ],
)
def test_days_of_other_calendars_follow_each_other(
    tmp_path: Path, dates: tuple[str, str], num_days: int
) -> None:
    first, second = days(tmp_path, *dates)
    assert (second - first).days == num_days


def test_a_year_of_two_digits_that_is_yet_to_come_is_buddhist(tmp_path: Path) -> None:
    dates = [f"{day}/10/67 15:50" for day in (13, 14)]
    assert days(tmp_path, *dates) == [datetime.date(2024, 10, day) for day in (13, 14)]


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        (("29. ruj 2024. 15:50", "14. lis 2024. 15:50"), [9, 10]),  # Croatian
        (("29 wrz 2024 15:50", "14 lis 2024 15:50"), [9, 11]),  # Polish
        (("29 set 2024 15:50", "14 och 2024 15:50"), [9, 10]),  # Asturian
    ],
)
def test_a_month_is_the_one_of_the_language_that_the_chat_speaks(
    tmp_path: Path, dates: tuple[str, str], months: list[int]
) -> None:
    assert [day.month for day in days(tmp_path, *dates)] == months


@pytest.mark.parametrize(
    ("time", "hour"),
    [
        ("12:05 AM", 0),
        ("12:05 PM", 12),
        ("上午12:05", 0),
        ("中午12:05", 12),
        ("凌晨1:05", 1),
        ("晚上8:05", 20),
        ("午後0:05", 12),
        ("00:05", 0),
        ("24:05", 24),
        ("11:05 μ.μ.", 23),
    ],
)
def test_noon_and_midnight(tmp_path: Path, time: str, hour: int) -> None:
    (tmp_path / "c.txt").write_text(f"2024/10/14 {time} - Mara: Hi", encoding="utf-8")
    (post,) = read_posts(tmp_path / "c.txt", "c.txt")
    assert isinstance(post, Post)
    midnight = datetime.datetime(2024, 10, 14, tzinfo=datetime.UTC).timestamp()
    assert post.turn.seconds == midnight + hour * 3600 + 5 * 60


@pytest.mark.parametrize(
    "question",
    [
        "كيف أعيد ضبط المجفف؟",
        "Πώς επαναφέρω το στεγνωτήριο;",
        "Πώς επαναφέρω το στεγνωτήριο\u037e",
        "Ինչպե՞ս վերագործարկել",
        "ማድረቂያውን እንዴት ዳግም አስጀምራለሁ፧",
    ],
)
def test_a_question_asks_in_the_marks_of_its_script(question: str) -> None:
    assert asks_question(question)
    assert asks_question(f"{question} 🙏")


@pytest.mark.parametrize("text", ["Hold it; then wait.", "x = 1;", "Κράτα το;μετά"])
def test_a_semicolon_asks_nothing_elsewhere(text: str) -> None:
    assert not asks_question(text)
