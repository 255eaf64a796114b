"""Runs of the command line that are killed, stopped or started twice."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.forks import ROOT, Fork
from tests.stages.rig import colour_rows, write_rows
from tunesmith.files import read_json_lines

STEPS = 60


@pytest.fixture
def recipe(tmp_path: Path, tiny_folder: Path) -> Path:
    write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    settings: dict[str, Any] = {
        "model": {"name": str(tiny_folder)},
        "sources": [{"path": "rows.jsonl"}],
        "template": {"name": "question-answer"},
        "training": {
            "steps": STEPS,
            "examples_per_step": 8,
            "learning_rate": 1e-2,
            "checkpoint_every": 7,
            "dropout": 0.1,
        },
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(settings))
    return path


def _start(recipe: Path, run: str, *more: str, kind: type[Any] = Fork) -> Any:
    words = ["-m", "tunesmith", "train", str(recipe), "--run", run, *more]
    env = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "HOME": str(recipe.parent)}
    return kind(words, cwd=recipe.parent, env=env)


class Fresh(subprocess.Popen[str]):
    """An interpreter that has imported nothing; its hashes are in an order of their own."""

    def __init__(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {**env, "PYTHONPATH": str(ROOT)}
        super().__init__([sys.executable, *words], cwd=cwd, env=env, text=True, **pipes)


def _wait_for_step(process: Any, log: Path, step: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if log.is_file() and any(line["step"] >= step for line in read_json_lines(log)):
            return
        time.sleep(0.01)
    raise AssertionError(process.communicate())


def _weights(recipe: Path, run: str) -> bytes:
    return (recipe.parent / run / "model" / "model.safetensors").read_bytes()


@pytest.mark.parametrize("num_kills", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_kills_at_random_steps_change_no_bit(recipe: Path, num_kills: int) -> None:
    whole = _start(recipe, "whole")
    assert (whole.communicate(timeout=120), whole.returncode)[1] == 0
    steps = sorted(random.Random(recipe.parent.name).sample(range(3, STEPS - 3), num_kills))
    log = recipe.parent / "killed" / "log.jsonl"
    for step in steps:
        process = _start(recipe, "killed")
        _wait_for_step(process, log, step)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = _start(recipe, "killed", "--json", kind=Fresh)
    out, err = last.communicate(timeout=120)
    assert last.returncode == 0, err
    assert json.loads(out)["resumed_from"] is not None
    assert _weights(recipe, "killed") == _weights(recipe, "whole"), steps
    lines = [line["step"] for line in read_json_lines(log) if line["split"] == "train"]
    assert lines == list(range(1, STEPS + 1)), "each step stands in the log exactly once"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_a_signal_saves_and_ends_with_its_code(
    recipe: Path, number: signal.Signals, code: int
) -> None:
    process = _start(recipe, "run")
    _wait_for_step(process, recipe.parent / "run" / "log.jsonl", 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"stopped by {number.name}; saved after step" in err
    assert "Run the same command again to resume." in err
    assert "Traceback" not in err


def test_a_second_process_on_the_same_run_is_refused_by_pid(recipe: Path) -> None:
    first = _start(recipe, "run")
    _wait_for_step(first, recipe.parent / "run" / "log.jsonl", 1)
    first.send_signal(signal.SIGSTOP)
    second = _start(recipe, "run", "--json")
    out, _ = second.communicate(timeout=60)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert second.returncode == 2
    assert f"pid {first.pid}" in json.loads(out)["error"]["message"]
