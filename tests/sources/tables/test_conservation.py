"""Whatever stands in a table is a row's, dropped with its reason, or passed over by its name."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_pieces
from tunesmith.sources.row import Dropped, NotRead, Row

NUM_FILES = 200
HEADERS = [("question", "answer"), ("Frage", "Antwort", "Notiz"), ("id", "问题", "回答", "")]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


class Words:
    """Words that occur nowhere else, each listed when it is given out."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.given: list[str] = []

    def text(self) -> str:
        """A cell of one to three words, now and then on two lines, with marks of all kinds."""
        words = [f"w{len(self.given) + number}x" for number in range(self.draw.randint(1, 3))]
        self.given += words
        return self.draw.choice([" ", "\n", ", ", "; ", ' "', "\t", "é "]).join(words)


def a_table(draw: random.Random) -> tuple[bytes, list[str]]:
    words = Words(draw)
    header = draw.choice(HEADERS)
    delimiter = draw.choice(",;\t|")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=draw.choice(["\n", "\r\n"]))
    if draw.random() < 0.2:
        text.write(f"sep={delimiter}\n")
    for _ in range(draw.choice([0, 0, 1, 2])):
        writer.writerow(
            [words.text().replace("\n", " "), *[""] * draw.choice([0, len(header) - 1])]
        )
    writer.writerow(header)
    for _ in range(draw.randint(3, 9)):
        row = [words.text() for _ in header]
        fault = draw.choice(["none"] * 6 + ["more", "fewer", "quote", "error", "empty", "hollow"])
        if fault == "more":
            row.append(words.text())
        elif fault == "fewer":
            row.pop()
        elif fault == "error":
            row[1] = "#REF!"
        elif fault == "hollow":
            row += ["", ""]
        elif fault == "empty":
            writer.writerow([""] * len(header))
        if fault == "quote":
            text.write(f'"{words.text().split()[0]}"y{delimiter}z\n')
        writer.writerow(row)
    seen = text.getvalue()
    return seen.encode(draw.choice(ENCODINGS)), [word for word in words.given if word in seen]


def texts(piece: Any) -> str:
    if isinstance(piece, Row):
        return " ".join(str(value) for value in piece.fields.values())
    assert isinstance(piece, Dropped | NotRead), piece
    return piece.text


@pytest.mark.parametrize("seed", range(NUM_FILES))
def test_every_word_of_a_table_stands_in_exactly_one_place(tmp_path: Path, seed: int) -> None:
    content, words = a_table(random.Random(seed))
    (tmp_path / "a.csv").write_bytes(content)
    pieces = [texts(one) for one in read_pieces(SourceRecipe(path="a.csv"), folder=tmp_path)]
    places = {word: sum(word in piece for piece in pieces) for word in words}
    assert {word: number for word, number in places.items() if number != 1} == {}


@pytest.mark.parametrize("seed", range(NUM_FILES // 4))
def test_every_word_of_a_json_table_stands_in_exactly_one_place(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    words = Words(draw)
    rows = [{"question": words.text(), "answer": words.text()} for _ in range(4)]
    names = [words.text() for _ in rows]
    value: Any = draw.choice(
        [
            {name: [row[name] for row in rows] for name in rows[0]},
            {"title": words.text(), "version": {"of": words.text()}, "data": rows},
            dict(zip(names, rows, strict=True)),
            {
                "range": words.text(),
                "values": [[*rows[0]], *[list(row.values()) for row in rows]],
            },
            {
                "columns": [*rows[0]],
                "index": names,
                "data": [list(row.values()) for row in rows],
            },
        ]
    )
    content = json.dumps(value, ensure_ascii=draw.random() < 0.5, indent=draw.choice([None, 1]))
    (tmp_path / "a.json").write_text(content)
    recipe = SourceRecipe(path="a.json", kind="json")
    pieces = [texts(one) for one in read_pieces(recipe, folder=tmp_path)]
    seen = json.dumps(value, ensure_ascii=False)
    places = {word: sum(word in one for one in pieces) for word in words.given if word in seen}
    assert {word: number for word, number in places.items() if number != 1} == {}
