"""What finding and reading turns costs grows with the file and no faster."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.dialogues.reading import pieces_of


def turns(number: int) -> list[dict[str, Any]]:
    return [
        {"speaker": ("USER", "SYSTEM")[at % 2], "text": f"Is it {at}?", "frames": [{"slot": "x"}]}
        for at in range(number)
    ]


def rows(number: int) -> str:
    return "\n".join(json.dumps({"id": at, "turns": turns(4)}) for at in range(number))


def by_id(number: int) -> str:
    return json.dumps(
        {f"D{at}.json": {"goal": {"x": "y"}, "log": turns(4)} for at in range(number)}
    )


def one_long(number: int) -> str:
    return json.dumps({"utterances": turns(4 * number)})


def tree(number: int) -> str:
    nodes: dict[str, Any] = {}
    for at in range(2 * number):
        message = {
            "author": {"role": ("user", "assistant")[at % 2]},
            "content": {"parts": [f"x {at}?"]},
        }
        children = [f"n{at + 1}"] if at < 2 * number - 1 else []
        parent = f"n{at - 1}" if at else None
        nodes[f"n{at}"] = {"parent": parent, "children": children, "message": message}
    return json.dumps([{"mapping": nodes}])


def transcript(number: int) -> str:
    return "\n".join(
        f"[00:{at % 60:02}:10] Speaker {at % 3}: Is it {at}?" for at in range(4 * number)
    )


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, which no other load of the machine changes."""
    num_calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal num_calls
        num_calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return num_calls


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (rows, "d.jsonl"),
        (by_id, "d.json"),
        (one_long, "d.json"),
        (tree, "d.json"),
        (transcript, "d.txt"),
    ],
)
def test_twice_the_dialogues_cost_twice_the_work(
    tmp_path: Path, make: Callable[[int], str], name: str
) -> None:
    pieces_of(tmp_path, name, make(20))  # what is read once and kept
    few = calls(lambda: pieces_of(tmp_path, name, make(200)))
    many = calls(lambda: pieces_of(tmp_path, name, make(400)))
    assert many < 2.3 * few
