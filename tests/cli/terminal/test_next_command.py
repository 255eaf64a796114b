"""Every command ends with the next one, which works."""

import io
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from tunesmith.cli.app import make_app
from tunesmith.cli.terminal.next_command import EndedCommand, next_words

Command = Callable[..., SimpleNamespace]
LINES = {
    "demo": "serve runs/demo",
    "demo --run runs/mine": "serve runs/mine",
    "import a.md -o pairs.jsonl": "init --data pairs.jsonl",
    "import a.md --kind faq --check": "import a.md --kind faq -o examples.jsonl",
    "teach self-instruct --url http://x/v1 --model m -o p.jsonl": "init --data p.jsonl",
    "teach self-instruct --url http://x/v1 --check": (
        "teach self-instruct --url http://x/v1 --dry-run"
    ),
    "teach documents docs --dry-run --path m": "teach documents docs --path m -o pairs.jsonl",
    "run recipe.yaml": "chat runs/recipe",
    "run 'my data.yaml'": "chat 'runs/my data'",
    "run recipe.yaml --run runs/short --set training.epochs=1": "chat runs/short",
    "prepare a.yaml --set training.epochs=1": "forecast a.yaml --set training.epochs=1",
    "forecast a.yaml --run r": "run a.yaml --run r",
    "curve a.yaml --seeds 3": "chat runs/a",
    "train a.yaml": "evaluate a.yaml",
    "answer a.yaml --set generation.seed=1": "evaluate a.yaml --set generation.seed=1",
    "answer starter --input a.jsonl --output b.jsonl": "chat starter",
    "answer a.yaml --input a.jsonl --output b.jsonl": "chat runs/a",
    "evaluate a.yaml --run r --set generation.batch=1": "report a.yaml --run r",
    "evaluate a.yaml --check-judge": "evaluate a.yaml",
    "report a.yaml": "chat runs/a",
    "report runs/a": "chat runs/a",
    "publish runs/a me/rows --data": "preview me/rows",
    "publish runs/a me/model --model": "chat me/model",
    "preview a.yaml": "run a.yaml",
    "preview a.jsonl": "init --data a.jsonl",
    "check http://x/v1 runs/a": "chat runs/a",
    "check http://x/v1 a.yaml --rows 9": "chat runs/a",
    "export a.yaml --to gguf --run r": "run a.yaml --run r",
    "export runs/a --to ollama": "report runs/a",
    "compare runs/a runs/b": "chat runs/b",
    "compare runs/a b.yaml": "chat runs/b",
    "ask hello --models starter,runs/a": "chat runs/a",
    "chat starter": "init",
    "serve runs/mine runs/other --port 8080": "chat runs/mine",
    "review runs/a": "next runs/a",
    "review a.yaml --run r": "next r",
    "next runs/a": "studio runs/a",
    "next runs/a --dry-run": "next runs/a",
    "next a.yaml --run r -o b.yaml": "run b.yaml",
    "edit a.yaml 0f3a9c51d2e4b687 --reject": "prepare a.yaml",
    "edit a.yaml --undo 3 --run r": "prepare a.yaml --run r",
    "arena runs/a": "studio runs/a",
    "arena a.yaml --run r": "studio r",
    "split a.yaml --fresh-test --set examples.seed=1": "run a.yaml --set examples.seed=1",
    "studio": "studio",
    "studio runs/mine --port 0": "studio runs/mine --port 0",
    "plugins": "init",
}


def ended(line: str) -> EndedCommand:
    """A command line as the program parses it."""
    command: Any = typer.main.get_command(make_app())
    words = shlex.split(line)
    name, chosen, rest = command.resolve_command(command.make_context("tunesmith", words), words)
    parsed = chosen.make_context(name, list(rest))
    return EndedCommand(name=name, words=rest, given=parsed.params)


def test_after_data_for_other_programs_nothing_of_ours_comes_next() -> None:
    assert list(next_words(ended("export runs/a --to trl"))) == []


@pytest.mark.parametrize(("line", "following"), LINES.items())
def test_what_comes_next_is_a_command_that_parses(line: str, following: str) -> None:
    words = next_words(ended(line))
    assert shlex.join(words) == following
    ended(shlex.join(words))


def test_no_command_is_without_a_next_one() -> None:
    """`init` names it in its result, where its data allow one."""
    names = {*typer.main.get_command(make_app()).commands} - {"init"}  # type: ignore[attr-defined]
    assert {line.split()[0] for line in LINES} == names


def test_after_a_talk_with_a_run_comes_its_report(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").touch()
    assert next_words(ended(f"chat {tmp_path}")) == ("report", str(tmp_path))


@pytest.mark.usefixtures("calls")
def test_one_can_go_on_from_command_to_command(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/quit\n"))
    words: Sequence[str] = ["prepare", "recipe.yaml", "--set", "training.epochs=1"]
    names = []
    while words and len(names) < 4:
        names.append(words[0])
        result = command(*words)
        assert result.code == 0
        _, *words = shlex.split(result.err.splitlines()[-1].removeprefix("next: "))
    assert names == ["prepare", "forecast", "run", "chat"]


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("flag", ["--json", "--quiet"])
def test_machines_and_quiet_people_are_not_told(command: Command, flag: str) -> None:
    assert "next:" not in command("run", "recipe.yaml", flag).err


@pytest.mark.usefixtures("calls")
def test_a_command_that_failed_says_its_error_alone(command: Command) -> None:
    result = command("run", "no-such.yaml")
    assert result.code != 0
    assert "next:" not in result.err
