"""Texts that Signal, Skype, KakaoTalk, LINE, Discord and Teams export: who says what, no more."""

from pathlib import Path

import pytest

from tests.sources.dialogues.reading import kind_of, pieces_of, talks
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
