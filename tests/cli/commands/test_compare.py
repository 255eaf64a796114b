"""`tunesmith compare`: which runs stand on which side, and what is printed."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.stages.compared import made_run
from tunesmith.cli.commands.compare import sides_of
from tunesmith.errors import RecipeError

Command = Callable[..., SimpleNamespace]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunesmith.evaluation.interval.NUM_RESAMPLES", 2000)


@pytest.fixture
def _runs(command: Command) -> None:
    """`runs/a-0`, `runs/a-1`, `runs/b-0`, `runs/b-1`, and `runs/recipe`, in the current folder."""
    for place, name in enumerate(("a-0", "a-1", "b-0", "b-1", "recipe")):
        right = 0.2 if name.startswith("a") else 0.9
        made_run(Path("runs") / name, right=right, seed=place)


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (["a", "b"], (["a"], ["b"])),
        (["a", "with", "b"], (["a"], ["b"])),
        (["a", "b", "with", "c"], (["a", "b"], ["c"])),
    ],
)
def test_with_parts_the_sides(words: list[str], sides: tuple[list[str], list[str]]) -> None:
    assert sides_of(words) == sides


@pytest.mark.parametrize(
    "words", [["a"], ["a", "b", "c"], ["a", "with"], ["with", "a"], ["a", "with", "b", "with", "c"]]
)
def test_sides_that_are_not_clear_are_refused(words: list[str]) -> None:
    with pytest.raises(RecipeError, match="say which runs to compare with which"):
        sides_of(words)


@pytest.mark.usefixtures("_runs")
def test_the_verdict_comes_first_and_the_json_is_one_object(command: Command) -> None:
    text = command("compare", "runs/a-0", "runs/b-0", "-q")
    assert text.code == 0
    assert text.err == ""
    assert text.out.startswith("Better. This model, on these 40 test rows: B is better than A on ")
    result = command("compare", "runs/a-0", "runs/b-0", "--json", "--rows", "5")
    record = json.loads(result.out)
    assert result.out.count("\n") == 1
    assert list(record) == [
        "schema",
        "sides",
        "claim",
        "rows",
        "differences",
        "metrics",
        "comparisons",
        "verdict",
        "answers",
        "forced",
    ]
    assert record["schema"] == 1
    assert record["sides"] == {"A": ["runs/a-0"], "B": ["runs/b-0"]}
    assert len(record["answers"]) == 5


@pytest.mark.usefixtures("_runs")
def test_several_runs_and_a_file(command: Command) -> None:
    names = ("runs/a-0", "runs/a-1", "with", "runs/b-0", "runs/b-1")
    result = command("compare", *names, "-q", "-o", "said.md")
    assert "This recipe, by 2 runs against 2" in result.out
    assert result.out.endswith("Report: said.md\n")
    assert "This recipe, by 2 runs against 2" in Path("said.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_runs")
def test_a_recipe_stands_for_its_run(command: Command) -> None:
    assert "runs/recipe" in command("compare", "recipe.yaml", "runs/b-0", "-q").out


@pytest.mark.usefixtures("_runs")
def test_what_is_refused_says_how_to_have_it(command: Command) -> None:
    made_run(Path("runs/twin"), right=0.2, seed=0)
    words = ("compare", "runs/a-0", "runs/twin", "with", "runs/b-0", "-q")
    refused = command(*words)
    assert refused.code == 7
    assert "two runs of one side have the same training.seed" in refused.err
    forced = command(*words, "--force", "two machines")
    assert forced.code == 0
    assert "Forced (two machines): two runs of one side" in forced.out
    assert command(*words, "--force", " ").code == 2
    assert command("compare", "runs/a-0", "runs/nowhere").code == 4
