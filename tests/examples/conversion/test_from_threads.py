"""Threads become conversations: the hand-labelled ones, and each rule alone."""

import json
from pathlib import Path

from tests.examples.conversion.slack_fixture import Exchange, read_blocks, write_export
from tests.examples.reading import read_all
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped


def read(folder: Path, path: str, **recipe: object) -> tuple[list[Example], list[Dropped]]:
    source = SourceRecipe.model_validate({"path": path, **recipe})
    items = list(read_all([source], folder=folder))
    kept = [item for item in items if isinstance(item, Example)]
    return kept, [item for item in items if isinstance(item, Dropped)]


def exchanges(example: Example) -> list[Exchange]:
    texts = [message.content for message in example.messages]
    return list(zip(texts[::2], texts[1::2], strict=True))


def test_hand_labelled_slack_threads(tmp_path: Path) -> None:
    write_export(tmp_path / "export")
    blocks = read_blocks()
    assert sum(block.is_thread for block in blocks) >= 60
    kept, _ = read(tmp_path, "export")
    wanted = {pair for block in blocks for talk in block.wanted() for pair in talk}
    found = {pair for example in kept for pair in exchanges(example)}
    assert (found - wanted, wanted - found) == (set(), set())
    wholes = [talk for block in blocks for talk in block.wanted()]
    assert sorted(map(exchanges, kept)) == sorted(wholes)


def test_a_place_leads_to_the_message(tmp_path: Path) -> None:
    places = write_export(tmp_path / "export")
    kept, dropped = read(tmp_path, "export")
    assert len(kept) > 50
    for example in kept:
        assert example.messages[0].content.startswith(places[example.source])
        path, _, ts = example.source.rpartition(":")
        day = json.loads((tmp_path / "export" / path).read_text(encoding="utf-8"))
        assert sum(message["ts"] == ts for message in day) == 1
    assert all(":" in item.source and item.reason for item in dropped)
