"""Dialogues in JSON, however nested: found, and told from what stands beside them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.dialogues.reading import kind_of, lost, pieces_of, said_in, talks
from tunesmith.errors import DataError
from tunesmith.sources.row import Dropped, NotRead

ASKED = ["Is the hall free on May 3?", "And what does it cost?"]
ANSWERED = ["Yes, from noon on.", "Ninety euros, with the kitchen."]
TURNS = [text for pair in zip(ASKED, ANSWERED, strict=True) for text in pair]
SPOKEN = [("USER" if at % 2 == 0 else "SYSTEM", text) for at, text in enumerate(TURNS)]


def objects(who: str, what: str, names: tuple[str, str] = ("USER", "SYSTEM")) -> list[Any]:
    return [{who: names[at % 2], what: text} for at, text in enumerate(TURNS)]


def with_frames(turns: list[Any]) -> list[Any]:
    frame = {"service": "halls", "slots": [{"slot": "day", "value": "May 3"}], "actions": []}
    return [{**turn, "turn_id": str(at), "frames": [frame]} for at, turn in enumerate(turns)]


SHAPES: dict[str, Any] = {
    "taskmaster": [
        {
            "conversation_id": "dlg-1",
            "instruction_id": "halls-1",
            "utterances": [
                {**turn, "index": at, "segments": [{"text": "the hall", "annotations": []}]}
                for at, turn in enumerate(objects("speaker", "text", ("USER", "ASSISTANT")))
            ],
        }
    ],
    "multiwoz by id": {
        "PMUL1.json": {
            "goal": {"message": ["You look for a hall", "on May 3"]},
            "log": [{"text": text, "metadata": {"hall": {"day": "May 3"}}} for text in TURNS],
        }
    },
    "multiwoz with speakers": [
        {
            "dialogue_id": "D1.json",
            "services": ["halls"],
            "turns": with_frames(objects("speaker", "utterance")),
        }
    ],
    "sgd": [{"dialogue_id": "1_00000", "turns": with_frames(objects("speaker", "utterance"))}],
    "parallel columns": [
        {
            "dialogue_id": "1",
            "turns": {"turn_id": [0, 1, 2, 3], "speaker": [0, 1, 0, 1], "utterance": TURNS},
        }
    ],
    "daily dialog": [{"one": {"dialog": TURNS, "act": [2, 1, 2, 1], "emotion": [0, 0, 0, 0]}}],
    "lists of lists": [TURNS, TURNS[:2]],
    "lists of pairs": [
        [["user", text] if at % 2 == 0 else ["bot", text] for at, text in enumerate(TURNS)]
    ],
    "pairs of texts": [
        {"id": 1, "history": [list(pair) for pair in zip(ASKED, ANSWERED, strict=True)]}
    ],
    "a list of labelled lines": [{"dialog": [f"{who}: {text}" for who, text in SPOKEN]}],
    "exchanges": [
        {
            "talk": {
                "conversation": [
                    {"human": ask, "assistant": say}
                    for ask, say in zip(ASKED, ANSWERED, strict=True)
                ]
            }
        }
    ],
    "numbered turns": {
        "chat": {f"turn_{at + 1}": turn for at, turn in enumerate(objects("who", "msg"))}
    },
    "alone": objects("speaker", "text", ("Ann", "Ben")),
    "alone in an object": {"title": "The hall", "utterances": objects("speaker", "text")},
    "deep": {
        "data": {
            "train": {
                "items": [{"meta": {"turns": objects("role", "content", ("customer", "agent"))}}]
            }
        }
    },
    "unknown names": {"gespraeche": [{"ablauf": objects("wer", "wortlaut", ("Ida", "Oskar"))}]},
    "one sender under a name of its own": [
        {
            "chat_messages": [
                {"sender": {"kind": "x", "name": t["s"]}, "text": t["t"]}
                for t in objects("s", "t", ("Ann", "Ben"))
            ]
        }
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["d.json", "d.jsonl"])
def test_turns_are_found_wherever_they_stand(tmp_path: Path, shape: str, name: str) -> None:
    value = SHAPES[shape]
    if name == "d.jsonl" and shape in ("alone", "lists of lists", "lists of pairs"):
        content = "\n".join(json.dumps(item) for item in value)
    elif name == "d.jsonl":
        content = json.dumps(value)
    else:
        content = json.dumps(value, indent=1)
    pieces = pieces_of(tmp_path, name, content)
    assert talks(pieces)[0] == TURNS
    assert lost(value, pieces) == []


def test_dialogues_of_many_rows_stay_apart(tmp_path: Path) -> None:
    rows = [{"id": at, "turns": objects("speaker", "text")} for at in range(300)]
    pieces = pieces_of(tmp_path, "d.jsonl", "\n".join(json.dumps(row) for row in rows))
    assert talks(pieces) == [TURNS] * 300
    assert [piece for piece in pieces if isinstance(piece, Dropped)] == []


def test_what_stands_beside_turns_is_named(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, "d.json", json.dumps(SHAPES["taskmaster"]))
    names = {piece.name for piece in pieces if isinstance(piece, NotRead)}
    assert names == {
        "column 'conversation_id'",
        "column 'instruction_id'",
        "column 'index'",
        "column 'segments'",
    }


def test_the_better_named_list_of_two_is_read(tmp_path: Path) -> None:
    delexed = [{"speaker": who, "text": text.replace("May 3", "<day>")} for who, text in SPOKEN]
    row = {"convo_id": 3, "original": [list(pair) for pair in SPOKEN], "delexed": delexed}
    pieces = pieces_of(tmp_path, "d.json", json.dumps([row]))
    assert talks(pieces) == [TURNS]
    assert lost(row, pieces) == []


def two_lists() -> dict[str, Any]:
    other = [{"speaker": who, "text": f"{text} (edited)"} for who, text in SPOKEN]
    return {"id": 1, "raw": {"dialogue": objects("speaker", "text")}, "turns": other}


def test_two_lists_of_turns_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        pieces_of(tmp_path, "d.json", json.dumps([two_lists()]))
    assert str(caught.value) == (
        "d.json: several lists may hold the turns of a dialogue: 'raw.dialogue' "
        "('Is the hall free on May 3?'), 'turns' ('Is the hall free on May 3? (edited)'). "
        "Name one: fields: {thread: raw.dialogue} or fields: {thread: turns}."
    )


@pytest.mark.parametrize(("thread", "ends"), [("raw.dialogue", ""), ("turns", " (edited)")])
def test_the_list_can_be_named(tmp_path: Path, thread: str, ends: str) -> None:
    pieces = pieces_of(tmp_path, "d.json", json.dumps([two_lists()]), fields={"thread": thread})
    assert talks(pieces) == [[f"{text}{ends}" for text in TURNS]]
    assert lost(two_lists(), pieces) == []


def test_fields_of_turns_can_be_named(tmp_path: Path) -> None:
    turns = [{"x": {"y": who}, "a": "abc def", "z": text} for who, text in SPOKEN]
    fields = {"author": "x.y", "message": "z"}
    pieces = pieces_of(tmp_path, "d.json", json.dumps([{"list": turns}]), fields=fields)
    assert talks(pieces) == [TURNS]


NO_DIALOGUES: dict[str, Any] = {
    "entities": [
        {"text": "The hall is free.", "entities": [{"text": "hall", "label": "PLACE"}] * 2}
    ],
    "products": [
        {"name": f"Mixer {at}", "brand": "Ada", "text": f"Does it mix? It does {at}."}
        for at in range(9)
    ],
    "reviews": [{"user": f"u{at}", "text": f"A fine hall {at}, is it not?"} for at in range(9)],
    "issues": [
        {
            "title": f"Door {at}",
            "user": {"login": "ann" if at % 2 else "ben"},
            "body": f"It sticks {at}.",
        }
        for at in range(9)
    ],
    "squad": {
        "data": [
            {
                "paragraphs": [
                    {
                        "context": "The hall opens at noon.",
                        "qas": [
                            {
                                "question": "When?",
                                "id": "1",
                                "answers": [{"text": "at noon", "answer_start": 15}],
                            }
                        ],
                    }
                ]
            }
        ]
    },
    "tags": [
        {"title": "The hall", "tags": ["a hall", "to rent"], "choices": ["at noon", "at one"]}
    ],
    "labels": [
        {"text": f"Is the hall free? {at}", "category": "ask" if at % 2 else "pay"}
        for at in range(9)
    ],
    "faq": {
        "faq": [{"question": ask, "answer": say} for ask, say in zip(ASKED, ANSWERED, strict=True)]
    },
    "messages": [
        {"messages": [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "c"}]}
    ],
}


@pytest.mark.parametrize("shape", NO_DIALOGUES)
def test_other_rows_are_no_dialogues(tmp_path: Path, shape: str) -> None:
    pieces = pieces_of(tmp_path, "d.json", json.dumps(NO_DIALOGUES[shape]))
    assert talks(pieces) == []


def oasst() -> dict[str, Any]:
    best = {
        "text": ANSWERED[0],
        "role": "assistant",
        "rank": 0,
        "replies": [
            {
                "text": ASKED[1],
                "role": "prompter",
                "rank": None,
                "replies": [{"text": ANSWERED[1], "role": "assistant", "rank": 0, "replies": []}],
            }
        ],
    }
    worse = {"text": "No idea.", "role": "assistant", "rank": 1, "replies": []}
    prompt = {"text": ASKED[0], "role": "prompter", "replies": [worse, best]}
    return {"message_tree_id": "t1", "tree_state": "ready", "prompt": prompt}


def chatgpt() -> dict[str, Any]:
    def node(at: int, text: str, parent: str | None, *children: str) -> dict[str, Any]:
        role = "user" if at % 2 == 0 else "assistant"
        content = {"content_type": "text", "parts": [text]}
        message = {"id": f"m{at}", "author": {"role": role, "name": None}, "content": content}
        return {"id": f"m{at}", "parent": parent, "children": list(children), "message": message}

    nodes = [
        {"id": "root", "parent": None, "children": ["m0"], "message": None},
        node(0, ASKED[0], "root", "m1", "m9"),
        node(1, ANSWERED[0], "m0", "m2"),
        node(2, ASKED[1], "m1", "m3"),
        node(3, ANSWERED[1], "m2"),
        node(9, "No idea.", "m0"),
    ]
    return {"title": "Hall", "current_node": "m3", "mapping": {one["id"]: one for one in nodes}}


@pytest.mark.parametrize("make", [oasst, chatgpt])
@pytest.mark.parametrize("is_list", [True, False])
def test_of_a_tree_the_best_path_is_read_and_the_rest_is_dropped(
    tmp_path: Path, make: Callable[[], Any], is_list: bool
) -> None:
    value = [make(), make()] if is_list else make()
    pieces = pieces_of(tmp_path, "d.json", json.dumps(value))
    assert talks(pieces)[0] == TURNS
    left = [piece for piece in pieces if isinstance(piece, Dropped)]
    assert {piece.reason for piece in left} == {"another branch"}
    assert "No idea." in left[0].text
    assert lost(value, pieces) == []


def test_replies_of_people_all_stay(tmp_path: Path) -> None:
    replies = [{"author": "Ben", "body": ANSWERED[0]}, {"author": "Ida", "body": ANSWERED[1]}]
    post = {"id": 1, "author": "Ann", "body": ASKED[0], "replies": replies}
    pieces = pieces_of(tmp_path, "d.json", json.dumps([post, {**post, "id": 2}]))
    assert talks(pieces) == [[ASKED[0], *ANSWERED]] * 2
    assert said_in(pieces)[0] == ("Ann", ASKED[0])


ROWS: dict[str, Any] = {
    "exchanges": {"system": "Be kind.", "conversation": [{"human": ASKED[0], "assistant": "Yes."}]},
    "texts in turn": {"conversations": TURNS, "source": "x"},
    "usual roles": {"dialog": objects("role", "content", ("user", "assistant"))},
    "two questions": {"question_id": 1, "turns": ASKED},
    "preference": {"chosen": objects("role", "content"), "rejected": objects("role", "content")},
    "headers": {"payload": {"headers": [{"name": n, "value": f"{n} of it?"} for n in "aabbc"]}},
    "a prompt of the system's": {
        "answers": {
            "train_messages": [
                {"role": "system", "content": "You use tools."},
                {"role": "user", "content": ASKED[0]},
                {"role": "assistant", "content": "", "function_call": {"name": "find"}},
            ]
        }
    },
}


@pytest.mark.parametrize("shape", ROWS)
def test_rows_of_training_data_stay_rows(tmp_path: Path, shape: str) -> None:
    assert kind_of(tmp_path, "d.jsonl", f"{json.dumps(ROWS[shape])}\n" * 2) == "jsonl"


def test_the_side_called_system_answers_only_where_it_speaks_in_turn(tmp_path: Path) -> None:
    prompt = [{"speaker": "SYSTEM", "text": "Be kind."}]
    turns = objects("speaker", "text", ("USER", "ASSISTANT"))
    pieces = pieces_of(tmp_path, "d.json", json.dumps([{"utterances": prompt + turns}]))
    assert talks(pieces) == [TURNS]
    assert [p.text.split("\n")[-1] for p in pieces if isinstance(p, Dropped)] == ["Be kind."]


def test_a_side_that_nobody_knows_speaks_too(tmp_path: Path) -> None:
    """`rep` is known to answer, `cust` is not known; both are heard."""
    said = ["Where is my order?", "It is on its way.", "When will it come?", "On Monday."]
    log = [{"who": ("cust", "rep")[n % 2], "utt": text} for n, text in enumerate(said)]
    content = json.dumps({"data": {"chats": {"s1": {"meta": {"x": 1}, "log": log}}}})
    assert talks(pieces_of(tmp_path, "a.json", content)) == [said]
