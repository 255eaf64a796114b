"""Every word of a file of dialogues is said, dropped or named as not read, and only one of them."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.dialogues.reading import pieces_of
from tunesmith.sources.material import Piece, Thread
from tunesmith.sources.row import Dropped, NotRead

NAMES = st.sampled_from(
    ["id", "meta", "scenario", "notes", "labels", "intent", "segments", "stats"]
)
TEXTS = st.sampled_from(["text", "body", "utterance", "content"])
SPEAKERS = st.sampled_from(["speaker", "sender", "author", "role"])
PLACES = st.lists(st.sampled_from(["data", "items", "dialog", "turns", "x1"]), max_size=3)
SLOW = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Markers:
    """Words that stand nowhere else."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def word(self) -> str:
        self.used.append(f"mark{len(self.used):04}q")
        return self.used[-1]


@st.composite
def beside(draw: Any, markers: Markers, depth: int = 2) -> Any:
    form = draw(st.integers(0, 3 if depth else 0))
    if form == 0:
        return markers.word()
    if form == 1:
        return [draw(beside(markers, depth - 1)) for _ in range(draw(st.integers(0, 2)))]
    if form == 2:
        return draw(st.sampled_from([None, 7, 0.5, True]))
    return {
        key: draw(beside(markers, depth - 1))
        for key in draw(st.lists(NAMES, unique=True, max_size=2))
    }


@st.composite
def files(draw: Any) -> Any:
    """Dialogues of one shape with markers in every place, in a file of any nesting."""
    markers = Markers()
    who, what = draw(SPEAKERS), draw(TEXTS)
    rows = []
    for number in range(draw(st.integers(1, 3))):
        turns: list[Any] = []
        for at in range(draw(st.integers(2, 5))):
            said = draw(st.integers(0, 9))
            text: Any = f"Is it {markers.word()}?" if said else draw(st.sampled_from(["", None]))
            if said == 9:
                text = [{"type": markers.word(), "text": markers.word()}, f" and {markers.word()}"]
            turn = {who: ["customer", "agent", "system"][at % 2 if said > 1 else 2], what: text}
            for key in draw(st.lists(NAMES, unique=True, max_size=2)):
                turn[key] = draw(beside(markers))
            turns.append(turn)
        turns[0][who], turns[1][who] = "customer", "agent"
        turns[0][what], turns[1][what] = f"Is {markers.word()} so?", f"It is {markers.word()}."
        row: Any = {"id": number, "utterances": turns, "more": draw(beside(markers))}
        rows.append(row)
    value: Any = (
        rows if draw(st.booleans()) else {f"D{at}.json": row for at, row in enumerate(rows)}
    )
    for key in draw(PLACES):
        value = {key: value, "beside": markers.word()}
    return value


def homes(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    for piece in pieces:
        if isinstance(piece, Thread):
            yield "said", " ".join(turn.text for turn in piece.turns)
        elif isinstance(piece, Dropped):
            yield "dropped", piece.text
        elif isinstance(piece, NotRead):
            yield "not read", piece.text


@SLOW
@given(made=files())
def test_every_word_has_one_home(made: Any, tmp_path: Path) -> None:
    value = made
    pieces = pieces_of(tmp_path, "d.json", json.dumps(value), kind="dialogues")
    found = Counter(word for _, text in homes(pieces) for word in re.findall(r"mark\d{4}q", text))
    in_file = Counter(re.findall(r"mark\d{4}q", json.dumps(value)))
    whole = all(piece.num_characters < 200 for piece in pieces if isinstance(piece, Dropped))
    assert found == in_file or (not whole and found <= in_file)


CHAT = {
    "participants": [{"name": "Ann"}, {"name": "Ben"}],
    "messages": [
        {
            "sender_name": "Ben",
            "timestamp_ms": 2000,
            "content": "At mark1q.",
            "reactions": [{"reaction": "mark2q"}],
        },
        {"sender_name": "Ben", "timestamp_ms": 1500, "photos": [{"uri": "mark3q.jpg"}]},
        {
            "sender_name": "Ann",
            "timestamp_ms": 1000,
            "content": "When is mark4q?",
            "share": {"link": "mark5q"},
        },
        {
            "sender_name": "Ann",
            "timestamp_ms": 900,
            "content": "Ann sent an attachment.",
            "type": "Generic",
        },
    ],
    "title": "mark6q",
    "thread_path": "inbox/mark7q",
}


@pytest.mark.parametrize("is_folder", [True, False])
def test_messenger_names_what_it_passes_over(tmp_path: Path, is_folder: bool) -> None:
    if is_folder:
        chat = tmp_path / "inbox" / "ann_1"
        chat.mkdir(parents=True)
        (chat / "message_1.json").write_text(json.dumps(CHAT))
        (chat / "mark8q.jpg").write_bytes(b"x")
        pieces = pieces_of(tmp_path, "inbox", None, kind="messenger")
    else:
        pieces = pieces_of(tmp_path, "chat.json", json.dumps(CHAT), kind="messenger")
    found = Counter(word for _, text in homes(pieces) for word in re.findall(r"mark\dq", text))
    assert found == {f"mark{at}q": 1 for at in range(1, 9 if is_folder else 8)}
