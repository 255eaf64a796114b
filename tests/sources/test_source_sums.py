"""The sum of every source closes: what was read is in examples, dropped, or named as not read."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk
from tunesmith.examples import from_material, read_chunks
from tunesmith.examples.conversion import from_pages
from tunesmith.examples.conversion.row_reading import RowReading
from tunesmith.examples.splitting.collection import Chunk
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.source_sums import SourceSum, SourceSums, sum_sentences
from tunesmith.stages import import_sources as importing
from tunesmith.stages.import_sources import import_sources
from tunesmith.stages.preview import preview_pieces

TABLE = """id,question,answer,category
1,How do I begin?,Press start.,a
2,How do I end?,,b
3,What is it?,It is a box.,c
"""
CHAT = [
    {"speaker": "customer", "text": "How do I begin?"},
    {"speaker": "agent", "text": "Press start."},
    {"speaker": "customer", "text": "And where is that button then?"},
]
PAGE = "# Pump\n\n## Start\n\nPress the green button.\n\n## Stop\n\nPress the red one twice.\n"
SQUAD = {"question": "Where?", "answers": {"text": ["In Ulm", "in Ulm, by the river", "In Ulm"]}}

Sums = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faq.csv").write_text(TABLE)
    (tmp_path / "calls.jsonl").write_text(json.dumps({"id": "d1", "turns": CHAT}) + "\n")
    (tmp_path / "pump.md").write_text(PAGE)
    (tmp_path / "squad.jsonl").write_text(json.dumps(SQUAD) + "\n{broken\n")
    return tmp_path


def sums_of(**source: Any) -> Sums:
    """What the sums of an import are."""
    result = import_sources([source], None)
    (sums,) = result.sums.values()
    return dict(sums)


def test_every_cell_of_a_table_is_accounted_for(folder: Path) -> None:
    cells = {"read": 11, "in_examples": 4, "dropped": 3, "not_read": 4}
    assert sums_of(path="faq.csv") == {"rows": 3, "cells": cells}


def test_every_character_of_a_dialogue_is_accounted_for(folder: Path) -> None:
    assert sums_of(path="calls.jsonl", kind="dialogues")["characters"] == {
        "read": sum(len(turn["text"].replace(" ", "")) for turn in CHAT) + 2,  # and its id
        "in_examples": len("HowdoIbegin?Pressstart."),
        "dropped": len("Andwhereisthatbuttonthen?"),
        "not_read": 2,
    }


def test_every_character_of_a_page_is_accounted_for_but_its_headings(folder: Path) -> None:
    size = len("Pressthegreenbutton.Presstheredonetwice.")
    sums = sums_of(path="pump.md")["characters"]
    assert (sums["read"], sums["in_examples"]) == (size, size)


def test_further_right_answers_are_named_and_broken_lines_are_counted(folder: Path) -> None:
    result = import_sources(["squad.jsonl"], None)
    (not_read,) = result.not_read.values()
    assert not_read == {"column 'answers (others)'": {"number": 1, "characters": 28}}
    assert list(sum_sentences(result.sums)) == [
        "squad.jsonl: 1 rows, 2 cells = 2 in examples; 7 characters beside the rows = 7 dropped"
    ]


def test_a_task_and_prompt_templates_account_for_every_cell_too(folder: Path) -> None:
    lines = "".join(f"text {n},{'ab'[n % 2]}{'ab'[n % 2]},{n}\n" for n in range(20))
    (folder / "labelled.csv").write_text(f"text,label,number\n{lines}")
    cells = {"read": 60, "in_examples": 40, "dropped": 0, "not_read": 20}
    assert sums_of(path="labelled.csv", task="classification")["cells"] == cells
    jinja = "Label {{ text }} ||| {{ label }}"
    record = {"name": "one", "jinja": jinja, "answer_choices": None}
    (folder / "p.yaml").write_text(json.dumps({"dataset": "x", "templates": {"1": record}}))
    assert sums_of(path="labelled.csv", prompts="p.yaml")["cells"] == cells


def test_preview_tells_the_sums(folder: Path) -> None:
    talk = Talk()
    recipe = recipe_from_mapping({"sources": [{"path": "faq.csv"}]})
    list(preview_pieces(recipe, folder, progress=talk))
    assert "faq.csv: 3 rows, 11 cells = 4 in examples + 3 dropped + 4 not read" in talk.notes


def test_an_open_sum_says_how_much_of_what_and_that_it_is_a_bug() -> None:
    total = SourceSum(characters_read=10, characters_dropped=3)
    assert list(total.open_sums()) == ["10 characters were read and 3 are in a list"]


def test_what_several_counted_is_added() -> None:
    first, second = SourceSums(), SourceSums()
    first.of("a").drop_cells(2)
    second.of("a").drop_cells(3)
    kept = first.of("a")
    second.update(first.take())
    kept.pass_over("x y")
    assert second.to_json()["a"]["cells"] == {
        "read": 5,
        "in_examples": 0,
        "dropped": 5,
        "not_read": 0,
    }
    assert first.to_json()["a"]["characters"]["not_read"] == 2


# Planted losses: each is found by the sum, which fails any test (tests/conftest.py).


def _forgotten_cell(patch: pytest.MonkeyPatch) -> None:
    """A cell counts as used, and no message holds it."""
    messages = RowReading.messages

    def forgetful(reading: RowReading) -> Any:
        made = messages(reading)
        reading.used.add("category")
        return made

    patch.setattr(RowReading, "messages", forgetful)


def _shortened_answer(patch: pytest.MonkeyPatch) -> None:
    """The last word of each answer goes."""
    messages = RowReading.messages

    def shortened(reading: RowReading) -> Any:
        asked, answered = messages(reading)
        content = answered.content.rpartition(" ")[0]
        return asked, type(answered)(role="assistant", content=content)

    patch.setattr(RowReading, "messages", shortened)


def _lost_piece(patch: pytest.MonkeyPatch) -> None:
    """The second piece never reaches the making of examples."""
    batched = read_chunks._batched

    def losing(items: Iterable[Any], sizes: Iterator[int]) -> Iterator[list[Any]]:
        for number, batch in enumerate(batched(items, sizes)):
            if number != 1:
                yield batch

    patch.setattr(read_chunks, "_batched", losing)


def _lost_turn(patch: pytest.MonkeyPatch) -> None:
    """What nobody answered is not even dropped."""
    convert = from_material.threads_to_examples

    def losing(pieces: Any, source: Any) -> Iterator[Any]:
        for item in convert(pieces, source):
            if getattr(item, "reason", "") != "unanswered at the end":
                yield item

    patch.setattr(from_material, "threads_to_examples", losing)


def _lost_part(patch: pytest.MonkeyPatch) -> None:
    """The last line of a section goes when it is cut."""
    cut = from_pages.cut_section
    patch.setattr(from_pages, "cut_section", lambda text: [one[:-4] for one in cut(text)])


def _lost_example(patch: pytest.MonkeyPatch) -> None:
    """A chunk is lost after its examples were made."""
    collect = importing.collect

    def losing(collection: Any, chunks: Iterable[Chunk], **rest: Any) -> Iterator[int]:
        for chunk in chunks:
            if chunk.dropped:
                rest["count"].not_read.update(chunk.not_read)
            else:
                yield from collect(collection, [chunk], **rest)

    patch.setattr(importing, "collect", losing)


@pytest.mark.parametrize(
    ("plant", "source", "words"),
    [
        (_forgotten_cell, {"path": "faq.csv"}, "13 are in a list|cells were read"),
        (_shortened_answer, {"path": "faq.csv"}, "11 cells were read and 9 are in a list"),
        (_lost_piece, {"path": "faq.csv"}, "3 pieces were read and 1 were used"),
        (_lost_turn, {"path": "calls.jsonl", "kind": "dialogues"}, "characters were read"),
        (_lost_part, {"path": "pump.md"}, "40 characters were read and 32 are in a list"),
        (_lost_example, {"path": "faq.csv"}, "3 examples and dropped pieces were made and 1"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_loss_opens_the_sum(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    source: Sums,
    words: str,
) -> None:
    plant(monkeypatch)
    with pytest.raises(pytest.fail.Exception, match=words):
        import_sources([source], None)
