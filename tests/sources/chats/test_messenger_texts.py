"""Texts that Signal, Skype, KakaoTalk, LINE, Discord and Teams export: who says what, no more."""

import json
from pathlib import Path

import pytest

from tests.sources.dialogues.reading import kind_of, pieces_of, talks
from tunesmith.errors import DataError
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead

SAID = ["How do I reset the dryer?", "Hold the button.", "And the red light?", "No line."]
ANN, BEN, CAN, DAN = SAID


def read(folder: Path, text: str, name: str = "c.txt") -> tuple[list[str], list[str]]:
    """What is said, and what is passed over."""
    pieces = pieces_of(folder, name, text)
    beside = [piece.text.strip() for piece in pieces if isinstance(piece, Dropped | NotRead)]
    return [text for talk in talks(pieces) for text in talk], beside


SIGNAL = {
    "reaction below": ("{}\n(- 👍, Ann -)", ["(- 👍, Ann -)"]),
    "reactions and blanks": ("{}  \n(- ❤️, Ann, 😂, Ben -)  ", ["(- ❤️, Ann, 😂, Ben -)"]),
    "answered message": ("\n> what was\n> said\n\n{}", ["> what was\n> said"]),
    "older answered message": ("\n>\n> what was said\n>\n{}", [">\n> what was said\n>"]),
    "picture": ("{}\n![p](./media/p.jpg)", ["![p](./media/p.jpg)"]),
    "picture in the line": ("{} ![p](media/a b.jpg)", ["![p](media/a b.jpg)"]),
    "all": (
        "\n> so\n\n{}\n[v.m4a](./media/v.m4a)\n(- 👍, Ann -)",
        ["> so", "[v.m4a](./media/v.m4a)", "(- 👍, Ann -)"],
    ),
}


@pytest.mark.parametrize("name", SIGNAL)
@pytest.mark.parametrize("stamp", ["[2024-01-02 10:1{at}] {who}: ", "[10:1{at}] {who}: "])
def test_what_signal_writes_beside_a_message_is_no_part_of_it(
    tmp_path: Path, name: str, stamp: str
) -> None:
    form, beside = SIGNAL[name]
    words = [ANN, form.format(BEN), CAN, DAN]
    lines = [stamp.format(at=at, who=("Ann", "Me")[at % 2]) + text for at, text in enumerate(words)]
    assert read(tmp_path, "\n".join(lines), "c.md") == (SAID, beside)


def test_a_message_of_a_quote_alone_keeps_it(tmp_path: Path) -> None:
    lines = ["[2024-01-02 10:10] Ann: Which line?", "[2024-01-02 10:11] Me: > the first", ""]
    assert read(tmp_path, "\n".join(lines), "c.md") == (["Which line?", "> the first"], [])


WHOLE = {
    "Skype, edited": "[1/2/2024 10:1{at}:05 AM | Edited 10:20:55 AM] {who}: {words}",
    "Skype, removed": "[02.01.2024 10:1{at}:05 | Removed 10:20:55] {who}: {words}",
    "KakaoTalk's telephones": "2024년 1월 2일 오전 10:1{at}, {who} : {words}",
    "a comma behind the time": "02/01/2024 10:1{at}, {who}: {words}",
}


@pytest.mark.parametrize("name", WHOLE)
def test_each_message_is_a_turn(tmp_path: Path, name: str) -> None:
    lines = [
        WHOLE[name].format(at=at, who=("홍길동", "Ben")[at % 2], words=words)
        for at, words in enumerate(SAID)
    ]
    text = "\n".join(lines)
    assert kind_of(tmp_path, "c.txt", text) in ("whatsapp", "transcript")
    assert read(tmp_path, text) == (SAID, [])


DAYS = {
    "LINE": "{at}\t{who}\t{words}",
    "KakaoTalk": "[{who}] [{at}] {words}",
    "WeChat": "{who}  {at}\n\n{words}\n",
}
WRITTEN_DAYS = [
    ("--- 2024年1月2日 ---", "--- 2024年1月3日 ---"),
    ("----- 2024년 1월 2일 화요일 -----", "----- 2024년 1월 3일 수요일 -----"),
    (
        "--------------- Tuesday, January 2, 2024 ---------------",
        "--------------- Wednesday, January 3, 2024 ---------------",
    ),
    ("—————  2024-1-2  —————", "—————  2024-1-3  —————"),
]
TIMES = [("10:11", "15:12"), ("오전 10:11", "오후 3:12"), ("上午10:11", "下午03:12")]


@pytest.mark.parametrize("days", WRITTEN_DAYS)
@pytest.mark.parametrize(
    ("form", "times"),
    [(form, times) for form in DAYS for times in (TIMES[:1] if form == "WeChat" else TIMES)],
)
def test_a_line_with_the_day_dates_the_turns_below(
    tmp_path: Path, form: str, days: tuple[str, str], times: tuple[str, str]
) -> None:
    who = [("Ann", "김철수")[at % 2] for at in range(4)]
    lines = [
        DAYS[form].format(at=times[at % 2], who=who[at], words=words)
        for at, words in enumerate(SAID)
    ]
    text = "\n".join([days[0], *lines[:2], days[1], *lines[2:]])
    pieces = pieces_of(tmp_path, "c.txt", text)
    assert talks(pieces) == [SAID[:2], SAID[2:]]
    turns = [turn for piece in pieces if isinstance(piece, Thread) for turn in piece.turns]
    clocks = [(seconds % 86400) // 60 for turn in turns if (seconds := turn.seconds)]
    assert clocks == [611.0, 912.0] * 2
    assert [piece.text for piece in pieces if isinstance(piece, NotRead)] == list(days)


@pytest.mark.parametrize("day", ["2024-01-05", "5. Januar 2024", "2024年1月5日"])
def test_a_day_that_somebody_says_is_said(tmp_path: Path, day: str) -> None:
    said = ["When did it open?", day, "And where?", "In Ulm."]
    lines = [f"{('Ann', 'Ben')[at % 2]}  10:1{at}\n{words}\n" for at, words in enumerate(said)]
    text = "\n".join(["--- 2024-01-06 ---", *lines])
    assert read(tmp_path, text) == (said, ["--- 2024-01-06 ---"])


@pytest.mark.parametrize("notice", ["10:17\tBen unsent a message", "11:02\t김님이 나갔습니다."])
def test_what_line_writes_itself_is_no_turn(tmp_path: Path, notice: str) -> None:
    lines = [f"10:1{at}\t{('Ann', 'Ben')[at % 2]}\t{words}" for at, words in enumerate(SAID)]
    head = ["[LINE] Chat history with Ann", "2024/01/02(Tue)"]
    text = "\n".join([*head, *lines, '10:15\tBen\t"two\nlines"', "10:16\tBen\t[Sticker]", notice])
    said, beside = read(tmp_path, text)
    assert "\n".join(said) == "\n".join([*SAID, "two\nlines"])
    assert sorted(beside) == sorted([*head, "[Sticker]", notice])


HEADERS = {
    "Discord, copied": "{who}\n — 01/02/2024 10:1{at} AM\n{words}",
    "Discord, today": "{who}\n — Today at 10:1{at} AM\n{words}",
    "Discord, one line": "{who} — 01/02/2024 10:1{at} AM\n{words}",
    "Lark": "{who} 1月2日 10:1{at}\n{words}",
    "a day in Chinese": "{who} 2024年1月2日 10:1{at}\n{words}",
    "a day in Korean": "{who} 2024년 1월 2일 10:1{at}\n{words}",
    "Teams, yesterday": "[Yesterday 10:1{at} AM] {who}\n{words}",
    "Teams, a weekday": "[Montag 10:1{at}] {who}\n{words}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_copied_messages_are_read_under_their_names(tmp_path: Path, name: str) -> None:
    lines = [
        HEADERS[name].format(who=("Lee, Ann", "Ben")[at % 2], at=at, words=words)
        for at, words in enumerate(SAID)
    ]
    pieces = pieces_of(tmp_path, "c.txt", "\n".join(lines))
    assert talks(pieces) == [SAID]
    authors = {turn.author for one in pieces if isinstance(one, Thread) for turn in one.turns}
    assert authors == {"Lee, Ann", "Ben"}


@pytest.mark.parametrize("mark", ["[In reply to Ann]", "[В ответ на Ann]", "[Antwort an Ann]"])
def test_whom_a_copied_message_answers_is_no_part_of_it(tmp_path: Path, mark: str) -> None:
    lines = [
        f"{('Ann', 'Ben')[at % 2]}, [02.01.2024 10:1{at}]\n{mark if at == 1 else ''}\n{words}\n"
        for at, words in enumerate(SAID)
    ]
    assert read(tmp_path, "\n".join(lines)) == (SAID, [mark])


TABLES = {
    "Skype": ("ConversationId,AuthorName,HumanTime,ContentXml", "8:ann,{who},10:1{at},{words}"),
    "WeChat": ("Type,Sender,StrTime,StrContent", "1,{who},2024-01-02 10:1{at},{words}"),
    "Viber": ("date,time,author,number,message", "1/2/2024,10:1{at},{who},+49151,{words}"),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_messengers_are_dialogues(tmp_path: Path, name: str) -> None:
    head, form = TABLES[name]
    lines = [
        form.format(who=("Ann", "Ben")[at % 2], at=at, words=words) for at, words in enumerate(SAID)
    ]
    pieces = pieces_of(tmp_path, "c.csv", "\n".join([head, *lines, ""]))
    assert talks(pieces) == [SAID]


def test_a_picture_in_a_table_of_wechat_is_no_message(tmp_path: Path) -> None:
    rows = [f"1,{('Ann', 'Ben')[at % 2]},{words}" for at, words in enumerate(SAID)]
    text = "\n".join(["Type,Sender,StrContent", *rows, "3,Ben,<msg><img/></msg>", ""])
    said, beside = read(tmp_path, text, "c.csv")
    assert said == SAID
    assert any("<img/>" in words for words in beside)


def test_the_time_of_a_further_message_is_named(tmp_path: Path) -> None:
    text = "ann — 01/02/2024 10:11 AM\nWho?\n[10:12 AM]\nAnd why?\nben — 01/02/2024 10:13 AM\nMe.\n"
    assert read(tmp_path, text + text) == (["Who?\nAnd why?", "Me."] * 2, ["[10:12 AM]"] * 2)


@pytest.mark.parametrize(
    "line",
    ["上午10:1{at} {who} {words}", "下午 3:1{at} {who} {words}", "오전10:1{at}/{who}/{words}"],
)
def test_lines_that_begin_with_a_part_of_the_day_are_a_chat(tmp_path: Path, line: str) -> None:
    lines = [
        line.format(at=at, who=("小明", "小華")[at % 2], words=words)
        for at, words in enumerate(SAID)
    ]
    with pytest.raises(DataError, match="a chat in an unknown style"):
        kind_of(tmp_path, "c.txt", "\n".join(["[LINE] 聊天記錄", *lines]))


SKYPE = {  # what Skype writes -> what is said, and what stands beside it
    '<quote author="a" authorname="A" timestamp="1"><legacyquote>[1] A: </legacyquote>Old one'
    "<legacyquote>&lt;&lt;&lt; </legacyquote></quote>Hold it &amp; wait.": (
        "Hold it & wait.",
        "[1] A: Old one<<<",
    ),
    '<at id="8:x">Ann</at> press <b raw_pre="*" raw_post="*">both</b>.': (
        "Ann press **both**.",
        None,
    ),
    'See <a href="https://x.example">https://x.example</a> first.': (
        "See <https://x.example> first.",
        None,
    ),
    "In code it is <b>bold</b> &amp; so.": ("In code it is <b>bold</b> &amp; so.", None),
}


@pytest.mark.parametrize("content", SKYPE)
def test_the_marks_of_skype_are_no_words(tmp_path: Path, content: str) -> None:
    turns = [("8:ann", ANN), ("8:me", content), ("8:ann", CAN), ("8:me", DAN)]
    messages = [
        {"id": str(at), "from": who, "content": text, "messagetype": "RichText"}
        for at, (who, text) in enumerate(turns)
    ]
    text = json.dumps({"conversations": [{"id": "8:ann", "MessageList": messages}]})
    pieces = pieces_of(tmp_path, "messages.json", text)
    said, beside = SKYPE[content]
    assert said in talks(pieces)[0]
    shown = [one.text for one in pieces if isinstance(one, NotRead) and "'content'" in one.name]
    assert [" ".join(text.split()) for text in shown] == ([beside] if beside else [])
