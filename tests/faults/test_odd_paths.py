"""Paths and folders that are not what they seem: a sentence, and no file of a user's changes."""

import json
import os
from pathlib import Path

import pytest

from tests.faults.users_files import contents
from tunesmith.__main__ import run_command
from tunesmith.stages.execution.claim import MARKER, is_run

OUR_MARKER = '{"schema": 1, "kind": "run"}'


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"manifest.json": "{}", ".lock": ""}, "no run's"),
        ({"manifest.json": "{}", ".lock": "12"}, "no run's"),
        ({"recipe.yaml": "", "manifest.json": "{}", ".lock": ""}, "no run's"),
        ({"manifest.json": "{}", ".lock": "", MARKER: "[1]"}, "no run's"),
        ({"manifest.json": "{}", MARKER: '"run"'}, "no run's"),
        ({".lock": "", MARKER: '{"kind": "other"}'}, "no run's"),
        ({"manifest.json": "[]", MARKER: OUR_MARKER}, "is no manifest of a run. Delete it"),
        ({"manifest.json": '{"prepare": 3}', MARKER: OUR_MARKER}, "is no manifest of a run"),
        ({"manifest.json": '{"prepare": {}}', MARKER: OUR_MARKER}, "is no manifest of a run"),
        ({"manifest.json/mine": "", MARKER: OUR_MARKER}, "its manifest.json is no file"),
        ({"recipe.yaml/mine": "", MARKER: OUR_MARKER}, "its recipe.yaml is no file"),
        ({"tokens": "", MARKER: OUR_MARKER}, "its tokens is no folder"),
        ({"model": "", MARKER: OUR_MARKER}, "its model is no folder"),
    ],
)
def test_a_run_that_is_half_somebodys_or_damaged_is_refused_in_a_sentence(
    place: Path, files: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = place.parent / "odd"
    for name, text in {"data/train.jsonl": "mine", **files}.items():
        (odd / name).parent.mkdir(parents=True, exist_ok=True)
        (odd / name).write_text(text)
    before = contents(place.parent)
    assert run_command(["prepare", "recipe.yaml", "--run", "../odd", "--json"]) in (2, 3)
    after = contents(place.parent)
    assert {name: after[name] for name in before if ".lock" not in name} == {
        name: text for name, text in before.items() if ".lock" not in name
    }
    said = capsys.readouterr()
    assert told in said.err
    assert json.loads(said.out)["error"]["cure"]


@pytest.mark.parametrize("name", ["data", "model", "tokens", "log.jsonl", "calls.sqlite"])
def test_a_link_in_a_run_is_not_written_through(
    place: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.parent / "run").mkdir()
    (place.parent / "run" / MARKER).write_text(OUR_MARKER)
    (place.parent / "run" / name).symlink_to(place / name)
    before = contents(place.parent)
    assert run_command(["run", "recipe.yaml", "--run", "../run"]) == 2
    assert contents(place.parent) == before
    assert f"its {name} is a link" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "recipe.yaml", "--run", "x" * 300],
        ["import", "rows.jsonl", "-o", "x" * 300],
        ["import", "rows.jsonl", "-o", "."],
        ["import", "rows.jsonl", "-o", "/"],
        ["init", "x" * 300],
        ["init", "recipe.yaml/new.yaml"],
        ["init", "/proc/new.yaml"],
        ["report", "x" * 300],
        ["report", "~/none"],
        ["prepare", "~/none.yaml"],
        ["preview", "~/none.yaml"],
        ["ask", "Hello", "--models", "x" * 300],
        ["teach", "improve", "rows.jsonl", "--path", "tiny", "-o", "."],
        ["answer", "tiny", "--input", "rows.jsonl", "--output", "."],
        ["compare", "tiny", "tiny", "-o", "."],
    ],
    ids=lambda words: " ".join(words).replace("x" * 300, "long"),
)
def test_a_path_that_cannot_be_one_is_an_error_in_a_sentence(
    place: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(place.parent)
    assert run_command([*words, "--json"]) in (2, 3, 4)
    assert contents(place.parent) == before
    said = capsys.readouterr()
    assert "unexpected" not in said.err
    assert json.loads(said.out)["error"]["where"]


def test_a_tilde_that_the_shell_left_alone_is_the_home_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--run=~/runs` and quotes leave it; a folder of this name would be removed with care only."""
    home = place.parent / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    assert run_command(["prepare", "recipe.yaml", "--run=~/run", "-q"]) == 0
    assert is_run(home / "run")
    assert run_command(["import", "rows.jsonl", "-o", "~/new.jsonl"]) == 0
    assert run_command(["init", "~/new.yaml"]) == 0
    assert run_command(["prepare", "recipe.yaml", "--run", "~"]) == 2
    assert {path.name for path in home.iterdir()} == {
        "run", "new.jsonl", "new.dropped.jsonl", "new.yaml"
    }  # fmt: skip
    assert not Path("~").exists()


def test_a_hard_link_to_a_source_is_that_source(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["import", "rows.jsonl", "-o", "a.jsonl"]) == 0
    os.link("a.jsonl", "b.jsonl")
    Path("c.jsonl").symlink_to("a.jsonl")
    for source, out in (("a.jsonl", "b.jsonl"), ("c.jsonl", "a.jsonl"), ("c.jsonl", "b.jsonl")):
        assert run_command(["import", source, "-o", out]) == 2
        assert "is one of the sources" in capsys.readouterr().err
    assert os.path.samefile("a.jsonl", "b.jsonl")  # noqa: PTH121
    assert place.is_dir()


def test_a_run_within_a_folder_of_pages_is_not_read_as_pages(place: Path) -> None:
    pages = place.parent / "pages"
    pages.mkdir()
    for number in range(12):
        text = f"# Lamp {number}?\n\nLamp {number} shines {number * 3} hours in a row.\n"
        (pages / f"{number}.md").write_text(text)
    words = ["prepare", "recipe.yaml", "--set", "sources.0.path=../pages", "--run", "../pages/run"]
    assert run_command([*words, "-q"]) == 0
    (pages / "run" / "report.md").write_text("# What is in the test set?\n\nThis is in there.\n")
    before = (pages / "run" / "manifest.json").stat().st_mtime_ns
    assert run_command([*words, "-q"]) == 0
    assert (pages / "run" / "manifest.json").stat().st_mtime_ns == before, "nothing has changed"
    assert run_command(["import", "../pages", "-o", "new.jsonl"]) == 0
    assert "test set" not in Path("new.jsonl").read_text()
