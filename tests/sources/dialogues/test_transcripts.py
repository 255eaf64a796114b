"""Texts of who said what, in the forms that recorders, meetings and exporters write."""

import re
from pathlib import Path

import pytest

from tests.sources.dialogues.reading import kind_of, pieces_of, reasons, said_in, talks
from tunesmith.errors import DataError
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead

SAID = [
    ("Ann Lee", "How do I reset the dryer?"),
    ("Ben", "Hold the blue button for ten seconds."),
    ("Ann Lee", "And which fuse: the slow one?"),
    ("Ben", "Yes, of sixteen amperes."),
]


def written(form: str, *, head: str = "", between: str = "\n") -> str:
    lines = [
        form.format(who=who, words=words, at=at, second=f"{at:02}", next=f"{at + 3:02}")
        for at, (who, words) in enumerate(SAID)
    ]
    return head + between.join(lines) + "\n"


FORMS = {
    "plain": written("{who}: {words}"),
    "bold": written("**{who}:** {words}", between="\n\n"),
    "stamped": written("[00:01:{second}] {who}: {words}"),
    "round brackets": written("({second}:10) {who}: {words}"),
    "bare stamp": written("00:01:{second} {who}: {words}"),
    "span": written("[00:01:{second}.120] - {who}: {words}"),
    "stamp after": written("{who} (00:{second}): {words}"),
    "rev": written("{who} (00:{second}):\n{words}", between="\n\n"),
    "otter": written(
        "{who}  0:{second}\n{words}", between="\n\n", head="Dryer call\nMon, Jan 5\n\n"
    ),
    "teams": written("{who}   0:{at}:{second}\n{words}", between="\n"),
    "zoom": written("[{who}] 10:00:{second}\n{words}", between="\n\n"),
    "zoom chat": written("10:00:{second}\t From  {who} to Everyone : {words}"),
    "dated": written("[2026-01-05 10:{second}] {who}: {words}"),
    "discord": written(
        "[05-Jan-26 10:{second} AM] {who}\n{words}\n",
        head="====\nGuild: Shop\nChannel: help\n====\n\n",
    ),
    "discord, other dates": written("[1/5/2026 10:{second} AM] {who}\n{words}\n"),
    "webvtt": written(
        "{at}\n00:00:{second}.000 --> 00:00:{next}.000\n<v {who}>{words}</v>\n", head="WEBVTT\n\n"
    ),
    "webvtt of zoom": written(
        "{at}\n00:00:{second}.000 --> 00:00:{next}.000\n{who}: {words}\n", head="WEBVTT\n\n"
    ),
    "srt": written("{at}\n00:00:{second},000 --> 00:00:{next},000\n{who}: {words}\n"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["call.txt", "call.log", "call.vtt", "call"])
def test_who_said_what_is_read(tmp_path: Path, form: str, name: str) -> None:
    pieces = pieces_of(tmp_path, name, FORMS[form])
    assert said_in(pieces) == SAID
    shown = " ".join(
        f"{piece.name} {piece.text}" for piece in pieces if isinstance(piece, NotRead | Dropped)
    )
    for word in re.findall(r"[A-Z]\w{3,}", FORMS[form]):
        is_said = any(word in f"{who} {words}" for who, words in SAID)
        assert is_said or word in shown or word in ("WEBVTT", "From", "Everyone")


@pytest.mark.parametrize("form", ["plain", "stamped", "otter", "discord", "webvtt"])
def test_words_go_on_over_lines(tmp_path: Path, form: str) -> None:
    content = FORMS[form].replace("for ten seconds.", "for ten\nseconds.")
    assert talks(pieces_of(tmp_path, "call.txt", content))[0][1] == (
        "Hold the blue button for ten\nseconds."
    )


def test_a_place_is_a_line(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, "call.txt", FORMS["otter"])
    (thread,) = [piece for piece in pieces if isinstance(piece, Thread)]
    assert [turn.source for turn in thread.turns] == [f"call.txt:{at}" for at in (4, 7, 10, 13)]
    assert [turn.seconds for turn in thread.turns] == [0.0, 1.0, 2.0, 3.0]


def test_parties_of_a_support_call_are_told(tmp_path: Path) -> None:
    content = "Customer: The dryer hums.\nAgent: Press the blue button.\n"
    pieces = pieces_of(tmp_path, "call.txt", content)
    (thread,) = [piece for piece in pieces if isinstance(piece, Thread)]
    assert [turn.is_staff for turn in thread.turns] == [False, True]


MANY = "\n\n".join(
    f"[05-Jan-26 {at + 1:02}:00 AM] user{at}\nHow do I start module {at}?\n\n"
    f"[05-Jan-26 {at + 1:02}:01 AM] ben\nSet module {at} to on."
    for at in range(11)
)


def test_a_discord_channel_is_parted_into_conversations(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, "help.txt", MANY)
    assert talks(pieces) == [
        [f"How do I start module {at}?", f"Set module {at} to on."] for at in range(11)
    ]


def test_what_discord_writes_around_messages_is_named(tmp_path: Path) -> None:
    content = FORMS["discord"].replace(
        "Hold the blue button for ten seconds.\n",
        "Hold the blue button for ten seconds.\n\n{Attachments}\nhttps://x.example/panel.png\n\n"
        "{Reactions}\nthumbsup (2)\n",
    )
    content += (
        "\n[05-Jan-26 11:00 AM] Cyd\nJoined the server.\n\n====\nExported 5 message(s)\n====\n"
    )
    pieces = pieces_of(tmp_path, "help.txt", content)
    assert said_in(pieces) == SAID
    found = {piece.name: piece.text for piece in pieces if isinstance(piece, NotRead)}
    assert "panel.png" in found["attachments"]
    assert "thumbsup" in found["reactions"]
    assert "Guild: Shop" in found["before the first turn"]
    assert "Exported 5" in found["lines between turns"]
    assert reasons(pieces) == ["system message"]


NO_TRANSCRIPTS = {
    "faq": "Q: How do I reset it?\nA: Hold the button.\nQ: Which fuse?\nA: A slow one.\n",
    "faq in words": "Question: How?\nAnswer: So.\n\nQuestion: Why?\nAnswer: Thus.\n",
    "facts": "Colour: red\nSize: L\n\nColour: blue\nSize: M\n",
    "log": "10:00:00 INFO: started\n10:00:01 ERROR: is it on?\n" * 3,
    "text": "Note: read this first.\n\nThe dryer hums. Warning: it is hot.\n",
    "headings": "Steps:\n- hold the button\n\nFuses:\n- a slow one?\n",
    "recipe": "Title: Bread\nAuthor: Ann\nTime: 10:00\n\nIs it done? Mix: flour, water.\n",
}


@pytest.mark.parametrize("form", NO_TRANSCRIPTS)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_other_texts_are_no_transcripts(tmp_path: Path, form: str, name: str) -> None:
    try:
        kind = kind_of(tmp_path, name, NO_TRANSCRIPTS[form])
    except DataError as error:
        assert "it is not read as" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert kind in ("faq", "document")


def test_a_text_without_speakers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        pieces_of(tmp_path, "a.txt", "Only words.\n", kind="transcript")
    assert str(caught.value) == (
        "a.txt: names no speakers, line by line. "
        "Write each turn as Name: words, or name another kind."
    )


def test_records_of_three_fields_are_no_transcript(tmp_path: Path) -> None:
    record = "Task: is it {0}?\nReply: It is {0}.\nScore: {0}\n\n"
    try:
        kind = kind_of(tmp_path, "a.txt", "".join(record.format(at) for at in range(4)))
    except DataError as error:
        assert "it is not read as" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert kind in ("faq", "document")


def test_the_numbers_of_subtitles_are_no_words(tmp_path: Path) -> None:
    content = FORMS["webvtt"].replace("\n2\n", "\nabc-12/15-1\n")
    pieces = pieces_of(tmp_path, "call.vtt", content)
    assert said_in(pieces) == SAID
    assert "abc-12/15-1" in [piece.text for piece in pieces if isinstance(piece, NotRead)]


def test_who_speaks_in_one_subtitle_alone_speaks(tmp_path: Path) -> None:
    content = FORMS["webvtt of zoom"].replace("Ben: Yes", "Cyd: Yes").replace("Ann Lee: And", "And")
    said = said_in(pieces_of(tmp_path, "call.vtt", content))
    assert [who for who, _ in said] == ["Ann Lee", "Ben", "Cyd"]
    assert "And which" in said[1][1]


LABELS = [
    ("お客様", "担当"),
    ("ग्राहक", "एजेंट"),
    ("العميل", "الوكيل"),
    ("客户", "客服"),
    ("ลูกค้า", "เจ้าหน้าที่"),
]


@pytest.mark.parametrize("names", LABELS)
@pytest.mark.parametrize("colon", [": ", "："])
def test_names_of_any_script_speak(tmp_path: Path, names: tuple[str, str], colon: str) -> None:
    said = [
        (who.replace("Ann Lee", names[0]).replace("Ben", names[1]), words) for who, words in SAID
    ]
    content = "".join(f"{who}{colon}{words}\n" for who, words in said)
    assert said_in(pieces_of(tmp_path, "call.txt", content)) == said


@pytest.mark.parametrize("day", [" — Today at", " — Yesterday at", ",", " – heute um"])
def test_a_day_behind_a_name_is_no_part_of_it(tmp_path: Path, day: str) -> None:
    content = written("{who}" + day + " 3:5{at} PM\n{words}", between="\n\n")
    assert said_in(pieces_of(tmp_path, "call.txt", content)) == SAID


def test_a_line_with_a_time_and_no_name_is_a_notice(tmp_path: Path) -> None:
    content = FORMS["stamped"].replace("[00:01:02]", "[00:01:01] *** Cyd left\n[00:01:02]")
    pieces = pieces_of(tmp_path, "call.txt", content)
    assert said_in(pieces) == SAID
    assert [piece.text for piece in pieces if isinstance(piece, NotRead)] == [
        "[00:01:01] *** Cyd left"
    ]


def test_what_is_called_a_transcript_may_begin_with_a_list_of_people(tmp_path: Path) -> None:
    content = f"Call of Monday\n\nAnn, Ben\n\n{FORMS['plain']}"
    with pytest.raises(DataError, match="--kind transcript if they are like `Ann: text`"):
        kind_of(tmp_path, "a.txt", content)
    assert said_in(pieces_of(tmp_path, "a.txt", content, kind="transcript")) == SAID


TALK = [
    "Ann: How do I reset the dryer?",
    "Ben: Hold the blue button.",
    "Ann: For how long?",
    "Ben: Ten seconds.",
]


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Joe: I have a spare fuse if you need one.", "Joe"),
        ("Maria von Ott: Mine broke too.", "Maria von Ott"),
        ("Mind the heat: It gets hot.", None),
        ("Dr. Ott: Mine broke, too.", "Dr. Ott"),
        ("Supervisor: Please close this call.", "Supervisor"),
        ("Иван: У меня есть предохранитель.", "Иван"),
        ("小王：我也有一个。 谢谢。", "小王"),
        ("Note: it gets hot.", None),
        ("Step 1: Hold the button.", None),
        ("URL: https://example.org/dryer", None),
        ("Model: WX 200", None),
        ("Hinweis: Das Gerät wird heiß.", None),
        ("Внимание: он горячий.", None),
        ("注意：很 热。", None),
        ("This is what I did: nothing.", None),
        ("Remember: it gets hot.", None),
    ],
)
def test_who_speaks_once_speaks_and_a_note_does_not(
    tmp_path: Path, line: str, who: str | None
) -> None:
    lines = [*TALK[:2], line, *TALK[2:]]
    authors = [name for name, _ in said_in(pieces_of(tmp_path, "call.txt", "\n".join(lines)))]
    assert authors == ["Ann", "Ben", *([who] if who else []), "Ann", "Ben"]


def test_whom_somebody_speaks_to_speaks(tmp_path: Path) -> None:
    lines = [*TALK[:2], "Joe: yes", *TALK[2:], "Ann: Thanks, Joe!"]
    authors = [name for name, _ in said_in(pieces_of(tmp_path, "call.txt", "\n".join(lines)))]
    assert authors == ["Ann", "Ben", "Joe", "Ann", "Ben", "Ann"]


def test_a_list_of_facts_within_a_turn_speaks_nothing(tmp_path: Path) -> None:
    facts = ["Brand: Whirl", "Motor: A strong one.", "Drum: Steel"]
    uneven = ["Ann: Fine.", "Ann: Is it hot?", "Ben: No.", "Ben: Warm.", "Ann: Good.", "Ann: Bye."]
    lines = [*TALK[:2], *facts, *TALK[2:], *uneven]
    said = said_in(pieces_of(tmp_path, "call.txt", "\n".join(lines)))
    assert [name for name, _ in said][:4] == ["Ann", "Ben", "Ann", "Ben"]
    assert all(fact in said[1][1] for fact in facts)
