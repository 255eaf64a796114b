"""Whatever a command is told, no file of a user's is replaced or deleted."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.faults.users_files import MINE, contents
from tests.stages.rig import colour_rows, write_rows
from tunesmith.__main__ import run_command
from tunesmith.cli.app import make_app
from tunesmith.stages.execution.claim import MARKER, is_run

APP = typer.main.get_command(make_app())
COMMANDS = APP.commands  # type: ignore[attr-defined]
OUTPUTS = ("--out", "--output")
# P stands for the folder full of a user's files; they are worked on from the folder beside it.
WORDS = {
    "demo": ["demo --run P"],
    "init": ["init P/recipe.yaml", "init P/model/config.json"],
    "import": ["import rows.jsonl -o P/examples.jsonl", "import rows.jsonl -o P/new.jsonl"],
    "teach": [
        "teach improve rows.jsonl --path tiny -o P/examples.jsonl",
        "teach improve rows.jsonl --path tiny -o P/new.jsonl",
        "teach improve P/new.before.jsonl --path tiny -o P/new.jsonl",
    ],
    "run": ["run recipe.yaml --run P"],
    "prepare": ["prepare recipe.yaml --run P"],
    "forecast": ["forecast recipe.yaml --run P"],
    "train": ["train recipe.yaml --run P"],
    "answer": [
        "answer recipe.yaml --run P",
        "answer tiny --input rows.jsonl --output P/examples.jsonl",
        "answer tiny --input rows.jsonl --output P/report.md",
    ],
    "evaluate": [
        "evaluate recipe.yaml --run P",
        "evaluate recipe.yaml --run P --check-judge --set evaluation.judge={path:tiny}",
    ],
    "curve": ["curve recipe.yaml --run P"],
    "report": ["report P", "report recipe.yaml --run P"],
    "publish": ["publish P me/it --data", "publish recipe.yaml me/it --data --run P"],
    "preview": ["preview P/recipe.yaml", "preview P/examples.jsonl"],
    "compare": ["compare P P -o P/report.md", "compare tiny P --out P/examples.jsonl"],
    "ask": ["ask Hello --models P", "ask Hello --run P"],
    "chat": ["chat P", "chat base --run P"],
    "check": ["check http://127.0.0.1:9/v1 P", "check http://127.0.0.1:9/v1 recipe.yaml --run P"],
    "export": [
        "export P --to gguf",
        "export recipe.yaml --run P --to gguf",
        "export tiny --to gguf --out P/report.gguf",
    ],
    "serve": ["serve P"],
    "review": ["review P", "review recipe.yaml --run P"],
    "next": ["next P", "next recipe.yaml --run P", "next P --out P/examples.jsonl"],
    "edit": ["edit recipe.yaml 0f3a9c51d2e4b687 --reject --run P"],
    "arena": ["arena P", "arena recipe.yaml --run P"],
    "split": ["split recipe.yaml --run P", "split recipe.yaml --run P --fresh-test"],
    "studio": ["studio P --host 0.0.0.0"],
    "plugins": ["plugins"],
}


def options_with_values() -> Iterator[tuple[str, str]]:
    """Each option and argument that takes a text or a path, by command."""
    for name, command in COMMANDS.items():
        for param in command.params:
            if param.type_descriptor.annotation in (str, Path):
                is_option = param.opts[0].startswith("-")
                yield from ((name, opt) for opt in (param.opts if is_option else [""]))


def test_each_command_is_tried_with_each_option_that_names_what_is_written() -> None:
    assert WORDS.keys() == COMMANDS.keys()
    for name, command in COMMANDS.items():
        words = " ".join(WORDS[name]).replace(" -o ", " --out ").split()
        for param in command.params:
            for option in {*param.opts} & {"--run", *OUTPUTS}:
                assert option in words, f"{name} {option}"


@pytest.mark.parametrize("line", [line for lines in WORDS.values() for line in lines])
def test_no_command_changes_a_file_of_a_users(
    place: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(place.parent)
    code = run_command([word.replace("P", str(place), 1) if word[0] == "P" else word
                        for word in line.split()])  # fmt: skip
    said = capsys.readouterr()
    assert contents(place.parent) == before, said.err
    if line.split(maxsplit=1)[0] in ("ask", "chat"):  # they only read
        return
    if "--run" in line.split() or "-o" in line.split() or "put" in line:
        assert code in (2, 4, 7), said.err  # report: no such run; init: a reason is missing
        assert str(place) in said.err or "HF_TOKEN" in said.err or "key" in said.err
        assert "Traceback" not in said.err
        assert "unexpected" not in said.err


@pytest.mark.parametrize("name", ["data/train.jsonl", "recipe.yaml", "model/a", ".lock", MARKER])
def test_one_file_that_is_no_runs_is_enough(
    place: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Path(name).parts[0]
    run = place.parent / "work" / "runs" / "recipe"  # where a run goes if nobody says
    (run / name).parent.mkdir(parents=True)
    (run / name).write_text("mine\n")
    before = contents(place.parent)
    assert run_command(["prepare", "recipe.yaml"]) == 2
    assert contents(place.parent) == before
    error = capsys.readouterr().err
    assert f"runs/recipe: this folder holds files that are no run's ({first})" in error
    assert "Name another folder with --run, such as runs/mine." in error


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (".", "is or holds the recipe's folder"),
        ("..", "is or holds the recipe's folder"),
        ("../mine/../work", "is or holds the recipe's folder"),
        ("~", "is or holds the home folder"),
        ("../link", "no run's"),
        ("../mine/report.md", "no folder"),
        ("../mine/report.md/run", "nothing can be written there"),
        ("../other/sub", "lies in another run's"),
        ("../other/model/sub", "lies in another run's"),
        ("../sources", "is or holds what the recipe reads (../sources/rows.jsonl)"),
        ("../dangling", "nothing can be written there"),
    ],
)
def test_a_folder_that_holds_what_no_run_may_touch_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    run: str, told: str,
) -> None:  # fmt: skip
    root = place.parent
    (root / "home").mkdir()
    monkeypatch.setenv("HOME", str(root / "home"))
    (root / "link").symlink_to(place)
    (root / "dangling").symlink_to(root / "nowhere")
    for name in ("other", "sources"):
        (root / name).mkdir()
        (root / name / MARKER).write_text('{"schema": 1, "kind": "run"}')
    write_rows(root / "sources" / "rows.jsonl", colour_rows(20))
    before = contents(root)
    words = ["prepare", "recipe.yaml", "--run", os.path.expanduser(run)]  # noqa: PTH111
    assert run_command([*words, "--set", "sources.0.path=../sources/rows.jsonl"]) == 2
    assert contents(root) == before
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [("import rows.jsonl -o ../link.jsonl", "is a link"),
     ("import rows.jsonl -o /dev/null", "is no regular file"),
     ("import rows.dropped.jsonl -o rows.jsonl", "is one of the sources")],
)  # fmt: skip
def test_an_output_that_is_no_file_of_its_own_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (place.parent / "link.jsonl").symlink_to(place / "examples.jsonl")
    Path("rows.dropped.jsonl").write_text(MINE % 1)
    Path("rows.jsonl").unlink() if "dropped" in text else None
    before = contents(place.parent)
    assert run_command(text.split()) == 2
    assert contents(place.parent) == before
    assert told in capsys.readouterr().err
    assert (place.parent / "link.jsonl").is_symlink()


def test_an_earlier_output_is_replaced_until_a_person_corrects_it(place: Path) -> None:
    write_rows(Path("rows.jsonl"), [*colour_rows(20), {"instruction": "No answer?"}])
    words = ["import", "rows.jsonl", "-o", "new.jsonl"]
    assert run_command(words) == 0
    whole = Path("new.jsonl").read_bytes()
    assert Path("new.dropped.jsonl").stat().st_size
    assert run_command(words) == 0
    assert Path("new.jsonl").read_bytes() == whole
    corrected = whole.replace(b"red", b"crimson", 1)
    Path("new.jsonl").write_bytes(corrected)
    assert run_command(words) == 2
    assert Path("new.jsonl").read_bytes() == corrected
    assert place.is_dir()


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_value_of_any_option_is_a_usage_error_that_names_it(
    place: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    before = contents(place.parent)
    for name, option in options_with_values():
        code = run_command([name, *([option] if option else []), value])
        error = capsys.readouterr().err
        assert code == 2, (name, option, error)
        if option.startswith("--") and option not in ("--field", "--set", "--force", "--models"):
            assert option in error, (name, error)
    assert contents(place.parent) == before


def test_the_marker_comes_first_and_an_older_run_is_still_one(place: Path) -> None:
    words = ["prepare", "recipe.yaml", "--run", "run", "-q"]
    run = Path("run")
    assert run_command([*words, "--set", "sources.0.path=missing.jsonl"]) != 0
    assert is_run(run), "a folder is marked though nothing else was written"
    assert run_command(words) == 0
    (run / MARKER).unlink()
    assert run_command(words) == 0  # by its manifest
    assert json.loads((run / MARKER).read_text())["kind"] == "run"
    (run / "manifest.json").write_text("{}")
    (run / MARKER).unlink()
    assert run_command(words) == 0  # its only stage was being redone
    (run / MARKER).write_text('{"schema": 2, "kind": "run"}')
    assert run_command(words) == 2
    assert place.is_dir()


def test_what_a_user_puts_into_a_run_stays_there(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "recipe.yaml", "--run", "run", "-q"]
    names = ["notes.txt", "tokens/x.arrow", "completions/mine.jsonl", "grades/mine.jsonl"]
    names += ["checkpoints/mine/a", "data/mine.jsonl", "completions/.base-mine.jsonl"]
    for name in names:
        Path("run", name).parent.mkdir(parents=True, exist_ok=True)
        Path("run", name).write_text(MINE % name)
    (Path("run") / MARKER).write_text('{"schema": 1, "kind": "run"}')
    (Path("run") / "checkpoints" / ".trash-link").symlink_to(place)
    before, kept = contents(place), {name: MINE % name for name in names}
    for more in ([], ["--set", "training.seed=1", "--set", "examples.seed=1"]):
        assert run_command([*words, *more]) == 0, capsys.readouterr().err
        assert {name: Path("run", name).read_text() for name in names} == kept
    assert contents(place) == before
    (Path("run") / "model" / "tunesmith.json").unlink()
    model = contents(Path("run/model"))
    assert run_command(words) == 2
    assert contents(Path("run/model")) == model
    assert "its model folder holds no model of tunesmith's" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["my notes", '{"id": "my own"}\n', "[1]\n", '{"asked": "x"}\n'])
def test_splits_beside_the_recipe_that_are_a_users_stay_as_they_are(
    place: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("splits.jsonl").write_text(text)
    assert run_command(["prepare", "recipe.yaml"]) == 3
    assert Path("splits.jsonl").read_text() == text
    assert "splits.jsonl:1: not a line that Tunesmith wrote" in capsys.readouterr().err
    assert place.is_dir()
