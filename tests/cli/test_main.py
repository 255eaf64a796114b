"""Errors end as one line on stderr and their class's exit code."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import tunesmith.stages
from tunesmith import errors

Command = Callable[..., SimpleNamespace]


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(tunesmith.stages.train, "train", stage)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TunesmithError("x"), 1),
        (errors.RecipeError("x"), 2),
        (errors.DataError("x"), 3),
        (errors.MissingError("x"), 4),
        (errors.RemoteError("x"), 5),
        (errors.DivergedError("x"), 6),
        (errors.RefusedError("x"), 7),
        (errors.DiskFullError("x"), 74),
        (errors.StoppedError("x"), 75),
        (errors.StoppedError("x", is_interrupt=True), 130),
        (OSError(errno.ENOSPC, "No space left on device"), 74),
        (OSError(errno.EIO, "broken"), 1),
        (ZeroDivisionError("x"), 1),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
    ],
)
@pytest.mark.usefixtures("calls")
def test_every_error_has_its_exit_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    monkeypatch.setattr("tunesmith.__main__._discard_output", lambda: None)
    raising(error, monkeypatch)
    result = command("train", "recipe.yaml", "--quiet")
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    assert result.err.count("\n") == (0 if code in (130, 141) and "x" not in str(error) else 1)


@pytest.mark.usefixtures("calls")
def test_an_error_says_where_what_and_what_to_do(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(errors.DataError("no field", where="a.jsonl:3", cure="Map it."), monkeypatch)
    assert command("train", "recipe.yaml", "-q").err == "error: a.jsonl:3: no field. Map it.\n"


@pytest.mark.usefixtures("calls")
def test_an_unexpected_error_is_one_line_and_v_shows_the_rest(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(ZeroDivisionError("division by zero"), monkeypatch)
    expected = "ZeroDivisionError: division by zero. Run with -v for the traceback.\n"
    assert command("train", "recipe.yaml", "-q").err == f"error: unexpected: {expected}"
    for flag in ("-v", "--verbose", "-qv"):
        assert "Traceback" in command("train", "recipe.yaml", flag).err


@pytest.mark.usefixtures("calls")
def test_with_json_an_error_is_one_object_on_stdout(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(errors.DataError("no field", where="a.jsonl:3"), monkeypatch)
    result = command("train", "recipe.yaml", "--json")
    assert result.code == 3
    assert json.loads(result.out) == {
        "schema": 1,
        "error": {"type": "DataError", "message": "no field", "where": "a.jsonl:3", "cure": None},
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["train"], "Missing argument 'RECIPE'"),
        (["train", "recipe.yaml", "--runn", "x"], "--runn"),
        (["preview", "recipe.yaml", "--limit", "0"], "--limit"),
        (["preview", "recipe.yaml", "--limit", "x"], "--limit"),
        (["train", "recipe.yaml", "--force", " "], "--force: the reason is empty"),
        (["train", "recipe.yaml", "--set", "training.epoch=1"], "Did you mean epochs?"),
        (["answer", "recipe.yaml", "--output", "a"], "--output: has no effect without --input"),
        (["answer", "m", "--input", "a", "--output", "b", "--set", "a=1"], "--set: has no effect"),
        (["preview", "a.jsonl", "--set", "training.seed=1"], "--set: has no effect"),
        (["preview", "a.jsonl", "--template", "alpacca"], "Did you mean alpaca?"),
        (["preview", "recipe.yaml", "--template", "alpaca"], "--template: has no effect"),
        (["ask", " "], "the prompt is empty"),
        (["ask", "hi", "--models", ","], "names no model"),
        (["ask", "hi", "--seed", "1"], "generation.seed: has no effect at temperature 0"),
        (["ask", "hi", "--max-new-tokens", "0"], "Allowed: a whole number, at least 1"),
    ],
)
@pytest.mark.usefixtures("calls")
def test_mistakes_of_the_command_line_exit_with_2(
    command: Command, words: list[str], expected: str
) -> None:
    result = command(*words)
    assert result.code == 2
    assert expected in result.err
    assert result.out == ""


@pytest.mark.usefixtures("calls")
def test_what_does_not_exist_exits_with_4(command: Command) -> None:
    assert command("train", "absent.yaml").code == 4
    assert command("report", "runs/absent").code == 4


def test_a_mistake_with_json_is_an_object_too(command: Command) -> None:
    result = command("train", "--json")
    assert json.loads(result.out)["error"]["type"] == "RecipeError"


def test_no_command_is_a_request_for_help(command: Command) -> None:
    result = command()
    assert result.code == 0
    assert "tunesmith demo" in result.out


def test_version_is_one_line(command: Command) -> None:
    result = command("--version")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("tunesmith 0.")


def run_in_shell(line: str) -> "subprocess.CompletedProcess[str]":
    line = line.replace("tunesmith", f"{sys.executable} -m tunesmith")
    shell = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(shell, capture_output=True, text=True, check=False, timeout=60)


def test_a_reader_that_stops_early_is_no_error_to_talk_about() -> None:
    result = run_in_shell("tunesmith init - | true")
    assert (result.returncode, result.stderr) == (141, "")


def test_a_full_disk_behind_stdout_is_named() -> None:
    result = run_in_shell("tunesmith init - > /dev/full")
    assert result.returncode == 74
    assert "No space left" in result.stderr
    assert result.stderr.count("\n") == 1
