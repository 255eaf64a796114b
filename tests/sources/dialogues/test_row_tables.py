"""Tables whose rows are messages, or only look as if: trees of answers, labels, pairs."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.sources.dialogues.reading import kind_of, lost, pieces_of, reasons, talks
from tunesmith.sources.dialogues.dialogue_lists import find_turn_lists, thinned

ASKED = ["Is the hall free?", "What does it cost?", "Who has the key?", "Is there a piano?"]
TOLD = ["Yes, from noon on.", "Ninety euros.", "Mrs Lund, next door.", "An old one, out of tune."]


def message(own: str, above: str | None, role: str, text: str, rank: Any = None) -> dict[str, Any]:
    names = {"message_id": own, "parent_id": above, "message_tree_id": own[:2]}
    return {**names, "role": role, "text": text, "rank": rank, "lang": "en"}


def tree(number: int) -> list[dict[str, Any]]:
    """A question with two answers, of which the second is the better one and is asked about."""
    at = f"t{number}"
    return [
        message(at, None, "prompter", ASKED[number]),
        message(f"{at}a", at, "assistant", "No idea, sorry.", 1),
        message(f"{at}b", at, "assistant", TOLD[number], 0),
        message(f"{at}c", f"{at}b", "prompter", "Why is that so?"),
        message(f"{at}d", f"{at}c", "assistant", "It always was."),
    ]


def as_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_table(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0].keys())
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("write", [as_lines, as_table], ids=["jsonl", "csv"])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_rows_that_name_their_parent_are_trees_of_answers(
    tmp_path: Path, write: Any, seed: int | None
) -> None:
    rows = [row for number in range(4) for row in tree(number)]
    if seed is not None:
        random.Random(seed).shuffle(rows)
    pieces = pieces_of(tmp_path, "rows.txt" if write is as_table else "rows.jsonl", write(rows))
    expected = [[ASKED[n], TOLD[n], "Why is that so?", "It always was."] for n in range(4)]
    assert sorted(talks(pieces)) == sorted(expected)
    assert reasons(pieces) == ["another branch"] * 4
    assert not lost(rows, pieces)


def test_a_circle_of_answers_ends(tmp_path: Path) -> None:
    rows = [*tree(0), message("u1", "u2", "prompter", "Hm?"), message("u2", "u1", "assistant", "M")]
    pieces = pieces_of(tmp_path, "rows.jsonl", as_lines(rows))
    assert not lost(rows, pieces)


def test_people_who_reply_to_each_other_are_no_choice_of_answers(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "parent_id": "", "role": "customer", "text": ASKED[0]},
        {"id": "2", "parent_id": "1", "role": "agent", "text": TOLD[0]},
        {"id": "3", "parent_id": "2", "role": "agent", "text": "And on Sundays, too."},
    ]
    pieces = pieces_of(tmp_path, "rows.jsonl", as_lines(rows))
    assert talks(pieces) == [[ASKED[0], TOLD[0], "And on Sundays, too."]]


LABELLED: dict[str, list[dict[str, Any]]] = {
    "texts and labels": [
        {"enquiry": f"{ASKED[n % 4]} {n}", "desk": ["Sales", "Repairs"][n % 2]} for n in range(24)
    ],
    "labels in German": [
        {"Nachricht": f"{ASKED[n % 4]} {n}", "Ressort": "XYZ"[n % 3]} for n in range(24)
    ],
    "quotes": [
        {"quote": f"{ASKED[n % 4]} {n}", "writer": ["Woolf", "Wilde"][n % 2]} for n in range(24)
    ],
    "pairs with a category": [
        {"q": f"{ASKED[n % 4]} {n}", "a": TOLD[n % 4], "cat": "xy"[n % 2]} for n in range(24)
    ],
    "two sides": [{"user": f"{ASKED[n % 4]} {n}", "assistant": TOLD[n % 4]} for n in range(8)],
    "customer and agent": [{"customer": ASKED[n], "agent": TOLD[n]} for n in range(4)],
    "choices with a key": [
        {
            "id": f"M_{n}",
            "question": ASKED[n % 4],
            "choices": {"text": TOLD, "label": list("ABCD")},
            "answerKey": "AB"[n % 2],
        }
        for n in range(12)
    ],
    "verdicts": [
        {"question": f"{ASKED[n % 4]} {n}", "long_answer": TOLD[n % 4], "verdict": "yn"[n % 2]}
        for n in range(12)
    ],
}


@pytest.mark.parametrize("name", LABELLED)
def test_rows_with_labels_are_not_one_conversation(tmp_path: Path, name: str) -> None:
    assert kind_of(tmp_path, "rows.jsonl", as_lines(LABELLED[name])) == "jsonl"


def test_a_table_of_messages_needs_no_usual_name_for_the_speaker(tmp_path: Path) -> None:
    rows = [
        {"conv_id": f"c{n}", "utterance_idx": k, "speaker_idx": k % 2, "utterance": text}
        for n in range(2)
        for k, text in enumerate([ASKED[n], TOLD[n]])
    ]
    pieces = pieces_of(tmp_path, "rows.csv", as_table(rows))
    assert talks(pieces) == [[ASKED[0], TOLD[0]], [ASKED[1], TOLD[1]]]


def test_of_a_large_value_only_the_beginning_is_looked_at() -> None:
    turns = [{"speaker": "ab"[n % 2], "text": f"Is it {n}?"} for n in range(1_000)]
    value = {"log": {f"d{n}": {"turns": turns} for n in range(1_000)}, "name": "all"}
    found = thinned(value, [2_000])
    assert isinstance(found, dict)
    assert found["name"] == "all"
    assert len(json.dumps(found)) < 100_000
    (first, *_) = find_turn_lists(found, {})
    assert (first.pattern, first.sureness) == (("log", "*", "turns"), 4)


def test_a_wide_row_keeps_all_its_columns() -> None:
    row = {f"column {n}": n for n in range(300)}
    assert thinned(row, [10]) == row
