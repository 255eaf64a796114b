"""A teacher behind a real server: files, budgets, early ends, and kill -9 at any moment."""

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer, content_of
from tests.forks import Fork
from tests.stages.rig import Talk, opened, run_folder, write_rows
from tests.teacher.played import answer, last_message
from tunesmith.__main__ import run_command
from tunesmith.errors import DataError, RecipeError, RemoteError
from tunesmith.files import read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preview import preview_pieces
from tunesmith.stages.teach import forecast_lesson, lesson_of, teach

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server() -> Iterator[EndpointServer]:
    with EndpointServer(answer=answer) as server:
        yield server


def source(url: str, **keys: Any) -> SourceRecipe:
    endpoint = {"url": url, "model": "tiny", **keys.pop("endpoint", {})}
    teacher = {"endpoint": endpoint, "count": 20, **keys}
    return recipe_from_mapping({"sources": [{"teacher": teacher}]}).sources[0]


def written(url: str, out: Path, **keys: Any) -> tuple[dict[str, Any], Talk]:
    talk = Talk()
    return teach(lesson_of(source(url, **keys), out), progress=talk), talk


def test_pairs_their_refusals_and_counts_are_written(
    server: EndpointServer, tmp_path: Path
) -> None:
    result, talk = written(server.url, tmp_path / "pairs.jsonl")
    rows = list(read_json_lines(tmp_path / "pairs.jsonl"))
    dropped = list(read_json_lines(tmp_path / "pairs.dropped.jsonl"))
    assert len(rows) == result.accepted == result.rows == 20
    assert Counter(one["reason"] for one in dropped) == result.refused
    assert result.calls == sum(server.seen.counts.values())
    assert result.notices == ()
    assert "66 seed tasks. Forecast: " in talk.notes[0]
    assert any("accepted (" in status and "answered" in status for status in talk.statuses)
    assert not (tmp_path / "pairs.partial.jsonl").exists()


def test_the_same_again_asks_nothing_and_writes_the_same(
    server: EndpointServer, tmp_path: Path
) -> None:
    written(server.url, tmp_path / "one.jsonl")
    num_asked = len(server.seen.bodies)
    result, _ = written(server.url, tmp_path / "two.jsonl")
    assert len(server.seen.bodies) == num_asked
    assert result.calls == 0
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_more_workers_write_the_same_bytes(server: EndpointServer, tmp_path: Path) -> None:
    for number, at_once in enumerate((1, 7)):
        (tmp_path / "cache" / "tunesmith" / "calls.sqlite").unlink(missing_ok=True)
        out = tmp_path / f"{number}.jsonl"
        written(server.url, out, endpoint={"at_once": at_once})
    assert (tmp_path / "0.jsonl").read_bytes() == (tmp_path / "1.jsonl").read_bytes()


def test_a_budget_ends_the_lesson_with_what_there_is(
    server: EndpointServer, tmp_path: Path
) -> None:
    out = tmp_path / "pairs.jsonl"
    result, talk = written(server.url, out, endpoint={"max_calls": 15})
    assert len(server.seen.bodies) == 15
    assert 0 < result.accepted < 20
    assert result.notices == (f"the budget ended the lesson after {result.accepted} pairs",)
    assert "The budget (max_calls: 15) may end it early" in talk.notes[0]
    assert len(out.read_text().splitlines()) == result.accepted


def test_a_wrong_model_is_stopped_and_what_was_accepted_is_kept(tmp_path: Path) -> None:
    def turning(body: dict[str, Any]) -> str:
        wrong = '{"input"' in last_message(body) and content_of(body) < "c"
        return "Let me tell you about my garden." if wrong else answer(body)

    with EndpointServer(answer=turning) as server, pytest.raises(DataError) as error:
        written(server.url, tmp_path / "pairs.jsonl", min_accepted=0.9, count=200)
    assert "not in the form that was asked for" in str(error.value)
    assert "unreadable reply" in str(error.value)
    partial = tmp_path / "pairs.partial.jsonl"
    assert str(partial) in str(error.value)
    assert partial.read_text()
    assert (tmp_path / "pairs.dropped.jsonl").read_text()
    assert not (tmp_path / "pairs.jsonl").exists()


def test_a_server_that_is_away_is_no_empty_set(tmp_path: Path) -> None:
    with pytest.raises(RemoteError):
        written("http://127.0.0.1:9/v1", tmp_path / "pairs.jsonl")
    assert not (tmp_path / "pairs.jsonl").exists()


def test_improved_pairs_keep_both_versions_in_a_file(
    server: EndpointServer, tmp_path: Path
) -> None:
    rows = [{"instruction": "Explain what a lighthouse is for.", "response": "Ships."}]
    write_rows(tmp_path / "old.jsonl", [*rows, {"instruction": "2 + 2?", "response": "4"}])
    result, _ = written(
        server.url, tmp_path / "new.jsonl", task="improve", pairs="old.jsonl", count=None
    )
    assert (result.accepted, result.rows) == (1, 2)
    before = list(read_json_lines(tmp_path / "new.before.jsonl"))
    assert before[0]["before"]["response"] == "Ships."
    assert before[0]["after"]["response"].startswith("A lighthouse warns")
    assert before[0]["reason"]
    assert [one["response"] for one in read_json_lines(tmp_path / "new.jsonl")][1] == "4"


def test_nothing_is_written_over_what_is_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "old.jsonl", [{"instruction": "2 + 2?", "response": "4"}])
    given = source("http://127.0.0.1:9/v1", task="improve", pairs="old.jsonl")
    with pytest.raises(RecipeError, match="one of the files that are read"):
        lesson_of(given, tmp_path / "old.jsonl")


def test_a_dry_run_asks_nothing(server: EndpointServer, tmp_path: Path) -> None:
    given = source(server.url, count=100, endpoint={"prompt_price": 1.0, "completion_price": 2.0})
    result = forecast_lesson(lesson_of(given, None), progress=Talk())
    assert not server.seen.bodies
    assert result.calls == 25 + 25 + 100
    assert result.cost > 0


def recipe_with_teacher(url: str, folder: Path, model: Path) -> Recipe:
    write_rows(folder / "test.jsonl", [{"instruction": "Name a river.", "response": "Po"}])
    return recipe_from_mapping(
        {
            "model": {"name": str(model)},
            "template": {"name": "question-answer"},
            "training": {"max_tokens": 4096},
            "examples": {"split": {"validation": 0.0, "test": 0.1}},
            "sources": [
                {"teacher": {"endpoint": {"url": url, "model": "tiny"}, "count": 20}},
                {"path": "test.jsonl", "use_as": "test"},
            ],
        }
    )


def test_a_recipes_teacher_writes_into_the_run_and_is_asked_once(
    server: EndpointServer, tmp_path: Path, tiny_folder: Path
) -> None:
    recipe = recipe_with_teacher(server.url, tmp_path, tiny_folder)
    folder = run_folder(tmp_path / "run")
    result = prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    assert result.taught[0].accepted == 20
    assert len(list(read_json_lines(folder.taught(0)))) == 20
    trained = list(read_json_lines(folder.examples("train")))
    assert {row["source"].split(":")[0] for row in trained} == {"run/data/teacher-0.jsonl"}
    called = re.compile("call: [0-9a-f]{16}")  # no rule takes it for a key that has to be hidden
    assert all(any(called.fullmatch(tag) for tag in row["tags"]) for row in trained)
    num_asked, bytes_before = len(server.seen.bodies), folder.taught(0).read_bytes()
    assert prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk())) == result
    other = recipe.model_copy(update={"examples": recipe.examples.model_copy(update={"seed": 1})})
    prepare(opened(other, folder, recipe_folder=tmp_path, progress=Talk()))
    assert len(server.seen.bodies) == num_asked
    assert folder.taught(0).read_bytes() == bytes_before


def test_a_recipes_teacher_writes_nothing_like_its_test_rows(
    server: EndpointServer, tmp_path: Path, tiny_folder: Path
) -> None:
    recipe = recipe_with_teacher(server.url, tmp_path, tiny_folder)
    folder = run_folder(tmp_path / "run")
    prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    first = next(iter(read_json_lines(folder.taught(0))))
    keys = ("instruction", "input", "response")
    write_rows(tmp_path / "test.jsonl", [{key: first[key] for key in keys}])
    result = prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    assert result.taught[0].refused["near duplicate of the test set"] == 1
    again = [row["instruction"] for row in read_json_lines(folder.taught(0))]
    assert first["instruction"] not in again


def test_a_teacher_is_not_asked_for_a_preview(tmp_path: Path, tiny_folder: Path) -> None:
    recipe = recipe_with_teacher("http://127.0.0.1:9/v1", tmp_path, tiny_folder)
    with pytest.raises(RecipeError, match="a teacher has no rows before they are written"):
        list(preview_pieces(recipe, tmp_path))


def test_the_command_line_says_what_a_recipe_says(
    server: EndpointServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--url", server.url, "--model", "tiny"]
    assert run_command(["teach", "self-instruct", *there, "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ready"] is True
    (tmp_path / "manual.md").write_text(
        "# Ledgerly\n\n## Hours\n\n" + "The shop is open all day. " * 5
    )
    command = ["teach", "documents", "manual.md", "-o", "out.jsonl", *there, "--styles", "question"]
    assert run_command([*command, "--set", "teacher.kinds=[writes]", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["accepted"] == 1
    assert next(iter(read_json_lines(tmp_path / "out.jsonl")))["source"] == "manual.md:3#hours"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["self-instruct"], "no file to write was named"),
        (["self-instruct", "x.md", "-o", "a"], "SOURCE"),
        (["documents", "-o", "a"], "needs documents"),
        (["improve", "-o", "a"], "needs pairs"),
        (["improve", "a", "b", "-o", "c"], "one file of pairs"),
        (["sing", "-o", "a"], "self-instruct, documents, improve"),
        (["self-instruct", "-o", "a", "--set", "training.epochs=1"], "no key of a teacher"),
        (["self-instruct", "-o", "a", "--styles", "question"], "has no effect"),
        (["self-instruct", "-o", "a", "--path", "x"], "name either url or path"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["--url", "http://127.0.0.1:9/v1", "--model", "tiny"]
    assert run_command(["teach", *words, *there]) == 2
    assert message in capsys.readouterr().err


def _name(request: dict[str, Any]) -> tuple[int, str]:
    return request["seed"], request["messages"][-1]["content"]


class Played:
    """The server in a process of its own, and lessons in others."""

    def __init__(self, folder: Path, *, delay: float) -> None:
        self.log = folder / "calls.jsonl"
        self.folder = folder
        command = ["-m", "tests.endpoint_server", "--log", str(self.log)]
        command += ["--answer", "tests.teacher.played:answer", "--delay", str(delay)]
        self.process = Fork(command, env=self._env(folder))
        self.url = self.process.stdout.readline().split()[-1]

    def _env(self, cache: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(cache),
            "HOME": str(self.folder),
        }

    def lesson(self, name: str, count: int) -> Fork:
        command = ["-m", "tunesmith", "teach", "self-instruct", "--json", "-v"]
        command += [
            "--url",
            self.url,
            "--model",
            "tiny",
            "--count",
            str(count),
            "-o",
            "pairs.jsonl",
        ]
        (self.folder / name).mkdir(exist_ok=True)
        env = self._env(self.folder / name / "cache")
        return Fork(command, cwd=self.folder / name, env=env)

    def num_asked(self) -> int:
        return sum(record["event"] == "asked" for record in self.records())

    def records(self) -> list[dict[str, Any]]:
        return list(read_json_lines(self.log)) if self.log.exists() else []

    def in_cache(self, name: str) -> set[Any]:
        """The requests whose replies are kept, whoever was killed."""
        path = self.folder / name / "cache" / "tunesmith" / "calls.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT request FROM replies").fetchall()
        return {_name(json.loads(row[0])) for row in rows}

    def close(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.mark.parametrize(
    ("count", "num_kills"), [(40, 3), pytest.param(245, 10, marks=pytest.mark.slow)]
)
def test_kill_9_at_random_moments_pays_no_call_twice_and_changes_no_byte(
    tmp_path: Path, count: int, num_kills: int
) -> None:
    played = Played(tmp_path, delay=0.02)
    try:
        whole, _ = written(played.url, tmp_path / "whole" / "pairs.jsonl", count=count)
        num_calls = whole.calls
        assert num_calls == played.num_asked()
        asked_before = len(played.records())
        kept: list[tuple[int, set[Any]]] = []  # what lay in the cache after each kill
        moments = sorted(random.Random(7).sample(range(3, num_calls - 2), num_kills))
        for moment in moments:
            process = played.lesson("killed", count)
            while played.num_asked() < num_calls + moment and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            kept.append((len(played.records()), played.in_cache("killed")))
        last = played.lesson("killed", count)
        _, err = last.communicate(timeout=300)
        assert last.returncode == 0, err
        pairs = [tmp_path / name / "pairs.jsonl" for name in ("whole", "killed")]
        assert pairs[0].read_bytes() == pairs[1].read_bytes()
        _check_repeats(played.records()[asked_before:], num_calls, num_kills)
        for place, in_cache in kept:
            later = played.records()[place:]
            assert not in_cache & {_name(one["body"]) for one in later if one["event"] == "asked"}
        assert kept[-1][1]
    finally:
        played.close()


def _check_repeats(records: list[dict[str, Any]], num_calls: int, num_kills: int) -> None:
    """At most the calls in flight (4 a kill) are asked again; each is needed by somebody."""
    asked = Counter(one["content"] for one in records if one["event"] == "asked")
    assert len(asked) == num_calls
    assert asked.total() - num_calls <= 4 * num_kills
    assert max(asked.values()) <= 1 + num_kills


def test_a_lesson_over_a_cache_needs_no_server(tmp_path: Path) -> None:
    with EndpointServer(answer=answer) as server:
        url = server.url
        written(url, tmp_path / "one.jsonl")
    result, _ = written(url, tmp_path / "two.jsonl")
    assert result.calls == 0
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
