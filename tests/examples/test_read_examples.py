"""Examples while they are read: in order, decided by what was read so far, with bounded memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tunesmith.errors import DataError
from tunesmith.examples import read_examples as module
from tunesmith.examples.example import Example
from tunesmith.examples.read_examples import read_examples
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped

LONG = " ".join(f"word{number}" for number in range(60))


def pair(question: str, answer: str, **more: str) -> str:
    return json.dumps({"question": question, "answer": answer, **more})


def read(folder: Path, lines: list[str], **examples: Any) -> Iterator[Example | Dropped]:
    (folder / "a.jsonl").write_text("".join(f"{line}\n" for line in lines))
    recipe = ExamplesRecipe(**examples)
    found = read_examples([SourceRecipe(path="a.jsonl")], recipe, folder=folder)
    return (one.item for one in found)


def fates(items: Iterator[Example | Dropped]) -> list[str]:
    return [item.detail if isinstance(item, Dropped) else item.source for item in items]


def test_every_piece_comes_in_its_place_and_names_the_first_of_its_kind(tmp_path: Path) -> None:
    lines = [
        pair("Why is it so?", "It was decided."),
        pair("Tell me all.", LONG),
        pair("Why?", "ok"),
        pair("Tell me all.", f"{LONG} more"),
        pair("Why is it so?", "It was decided."),
        pair("why is it so", "it was decided"),
        pair("Where is it?", "It is here."),
    ]
    assert fates(read(tmp_path, lines)) == [
        "a.jsonl:1",
        "a.jsonl:2",
        "the answer is 'ok'",
        "98% of the word triples are those of a.jsonl:2",
        "the same conversation as a.jsonl:1",
        "equal but for case and punctuation to a.jsonl:1",
        "a.jsonl:7",
    ]
    kept = list(read(tmp_path, lines, drop_near_duplicates=None))
    assert [isinstance(item, Example) for item in kept] == [
        *[True] * 2,
        False,
        True,
        False,
        *[True] * 2,
    ]


def test_tags_and_groups_do_not_hide_a_repetition_and_groups_are_kept(tmp_path: Path) -> None:
    lines = [
        pair("Why is it so?", "It was decided.", group="one"),
        pair("Why is it so?", "It was decided.", group="two"),
    ]
    first, second = read(tmp_path, lines)
    assert isinstance(first, Example)
    assert first.group == "one"
    assert second == Dropped(
        source="a.jsonl:2",
        reason="exact duplicate",
        detail="the same conversation as a.jsonl:1",
        text="Why is it so?",
    )


def test_whoever_wants_three_rows_waits_for_few_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0

    def counted(chunks: Any, *others: Any) -> Any:
        def pass_on() -> Any:
            nonlocal seen
            for chunk in chunks:
                seen += chunk.num_read
                yield chunk

        return decided(pass_on(), *others)

    decided = module._decided
    monkeypatch.setattr(module, "_decided", counted)
    items = read(tmp_path, [pair(f"What is {n}?", f"It is {n}.") for n in range(5000)])
    next(items)
    assert seen == 1
    for _ in range(2):
        next(items)
    assert seen == 3
    assert len(list(items)) == 4997


def test_what_was_read_before_an_error_comes_before_it(tmp_path: Path) -> None:
    lines = [f"What is {n}?,It is {n}." for n in range(100)]
    text = "\r\n".join(["question,answer", *lines, '"a quote that never ends'])
    (tmp_path / "a.csv").write_text(text)
    items = read_examples([SourceRecipe(path="a.csv")], ExamplesRecipe(), folder=tmp_path)
    sources: list[str] = []
    with pytest.raises(DataError, match="a quote that opens here is never closed"):
        sources.extend(one.item.source for one in items)
    assert sources == [f"a.csv:{line}" for line in range(2, 102)]


def test_dropped_pieces_do_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    items = list(read(tmp_path, [*["{bad"] * 500, pair("Why is it so?", "It was decided.")]))
    assert [isinstance(item, Example) for item in items] == [*[False] * 500, True]
