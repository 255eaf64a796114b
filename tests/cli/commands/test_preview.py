"""`tunesmith preview` of a Hub data set without a recipe, and of two sources side by side."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.stages.rig import write_rows
from tunesmith.cli.arguments.inputs import place_of

Command = Callable[..., SimpleNamespace]


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("tatsu-lab/alpaca", "hub"),
        ("someone/data.v2", "hub"),
        ("there/faq", "path"),  # a folder that is there, whatever is missing in it
        ("nowhere/faq.csv", "path"),
        ("nowhere/chats/faq", "path"),
        ("faq.md", "path"),
        ("../faq", "path"),
    ],
)
def test_owner_and_name_mean_the_hub_where_no_file_is_meant(
    target: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    assert place_of(target) == {key: target}


def test_two_sources_stand_side_by_side(command: Command) -> None:
    write_rows(Path("pairs.jsonl"), [{"question": "Why?", "answer": "Because."}, {"question": 1}])
    write_rows(Path("stories.jsonl"), [{"question": "And?", "answer": "Once upon a time " * 200}])
    result = command("preview", "pairs.jsonl", "stories.jsonl")
    assert result.code == 0
    beside = [line for line in result.out.split("\n") if "Because." in line or "Once" in line]
    assert any("│" in line[1:-1] for line in beside)
    assert "characters more]" in result.out
    assert "1 pieces were left out" in result.err


def test_as_json_one_follows_the_other(command: Command) -> None:
    write_rows(Path("a.jsonl"), [{"question": "Why?", "answer": "Because."}])
    write_rows(Path("b.jsonl"), [{"question": "And?", "answer": "The end."}])
    lines = command("preview", "a.jsonl", "b.jsonl", "--json").out.splitlines()
    assert [line.count('"source":"a.jsonl:1"') for line in lines] == [1, 0]


def test_three_are_too_many(command: Command) -> None:
    result = command("preview", "a.jsonl", "b.jsonl", "c.jsonl")
    assert result.code == 2
    assert "Name one, or two" in result.err
