"""Thumbs and corrections: kept beside the run with their provenance, and read by the next round."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.serving.tiny_servers import KEY, Got, TinyServer, hosted_models, running
from tests.sources.reading import fields_of, reasons_of
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.serving.guards import Door
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.read_source import read_source

ASKED = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Two."},
    {"role": "user", "content": 'Three? </script>"\u2028 你好'},
]
SAID = {"model": "alpaca", "messages": ASKED, "answer": "Four", "answer_id": "chatcmpl-1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[TinyServer]:
    """Its first model belongs to a run, the others to none."""
    first, *others = hosted_models()
    models = [replace(first, feedback=folder / "feedback.jsonl"), *others]
    with running(models, limits=ServingLimits(drain_seconds=1, feedback_bytes=20_000)) as one:
        yield one


@pytest.fixture
def kept(folder: Path) -> Path:
    (folder / "feedback.jsonl").unlink(missing_ok=True)
    return folder / "feedback.jsonl"


def say(server: TinyServer, *, headers: dict[str, str] | None = None, **said: Any) -> Got:
    sent = {"Content-Type": "application/json", **(headers or {})}
    return server.post("/v1/feedback", {**SAID, **said}, **sent)


def rows(kept: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kept.read_text().split("\n") if line]


def test_a_word_on_an_answer_is_kept_with_all_that_led_to_it(
    server: TinyServer, kept: Path
) -> None:
    got = say(server, thumb="down", correction="3.", note="shorter", sampling={"seed": 4})
    assert (got.status, got.json()["kept_in"]) == (200, "feedback.jsonl")
    (row,) = rows(kept)
    rendering = server.send("GET", "/health").json()["models"][0]["rendering"]
    expected = {
        **SAID, "schema": "tunesmith.feedback/1", "rendering": rendering, "finish_reason": None,
        "thumb": "down", "correction": "3.", "note": "shorter",
        "sampling": {"temperature": 0.0, "top_p": 1.0, "seed": 4, "max_tokens": 12},
    }  # fmt: skip
    assert row.pop("time").endswith("+00:00")
    assert row == expected
    listed = server.send("GET", "/v1/models").json()["data"]
    assert [one["takes_feedback"] for one in listed] == [True, False, False]


def test_what_a_model_wrote_keeps_no_correction_from_being_read(
    server: TinyServer, kept: Path
) -> None:
    """A byte that no text holds is what corrections are for."""
    turns = [("user", "Hi"), ("assistant", "\x07o"), ("user", "What?")]
    said = [{"role": role, "content": text} for role, text in turns]
    got = say(server, thumb="down", correction="Yes", answer="\x1b\x00!", messages=said)
    assert got.status == 200, got.text
    (row,) = rows(kept)
    assert (row["answer"], row["correction"]) == ("\ufffd\ufffd!", "Yes")
    assert [one["content"] for one in row["messages"]] == ["Hi", "\ufffdo", "What?"]


BAD: list[tuple[dict[str, Any], int, str | None]] = [
    ({}, 400, None),
    ({"thumb": "sideways"}, 400, "thumb"),
    ({"thumb": "up", "answer": None}, 400, "answer"),
    ({"thumb": "up", "answer": 4}, 400, "answer"),
    ({"thumb": "up", "messages": []}, 400, "messages"),
    ({"correction": ["a"]}, 400, "correction"),
    ({"thumb": "up", "stars": 5}, 400, "stars"),
    ({"thumb": "up", "sampling": {"heat": 1}}, 400, "sampling.heat"),
    ({"thumb": "up", "sampling": {"temperature": "hot"}}, 400, "temperature"),
    ({"correction": "a\x00b"}, 400, "correction"),
    ({"thumb": "up", "answer": "\x1b[31m"}, 400, "answer"),
    ({"thumb": "up", "messages": [{"role": "user", "content": "\x07"}]}, 400, "messages"),
    ({"thumb": "down", "note": "\x07", "answer": "\x07"}, 400, "note"),
    ({"thumb": "up", "model": "nobody"}, 404, "model"),
    ({"thumb": "up", "model": "chatml"}, 409, "model"),
]


@pytest.mark.parametrize(("said", "status", "param"), BAD)
def test_feedback_that_says_nothing_or_too_much_is_refused(
    server: TinyServer, kept: Path, said: dict[str, Any], status: int, param: str | None
) -> None:
    got = say(server, **said)
    assert (got.status, got.json()["error"]["param"]) == (status, param), got.text
    assert not kept.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_a_page_elsewhere_cannot_leave_feedback(
    server: TinyServer, kept: Path, headers: dict[str, str], status: int
) -> None:
    assert say(server, thumb="up", headers=headers).status == status
    assert not kept.exists()
    own = {"Origin": server.url, "Content-Type": "application/json; charset=utf-8"}
    assert say(server, thumb="up", headers=own).status == 200


def test_feedback_asks_for_the_key_and_the_page_does_not(kept: Path) -> None:
    models = [replace(one, feedback=kept) for one in hosted_models()[:1]]
    with running(models, door=Door(key=KEY, hosts=None)) as server:
        assert say(server, thumb="up").status == 401
        right = {"Authorization": f"Bearer {KEY}"}
        assert say(server, thumb="up", headers=right).status == 200


def test_rows_of_many_at_once_are_whole_and_the_file_stays_small(
    server: TinyServer, kept: Path
) -> None:
    kept.write_text('{"schema":"tunesmith.feedback/1","half": ')  # as a power cut leaves it
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(lambda at: say(server, thumb="up", note="x" * 900 + str(at)), range(24))
        )
    statuses = [one.status for one in got]
    assert set(statuses) == {200, 507}
    assert "Move it" in next(one for one in got if one.status == 507).text
    half, *lines = kept.read_text().rstrip("\n").split("\n")
    assert half.endswith('"half": ')
    assert len([json.loads(line) for line in lines]) == statuses.count(200)
    assert kept.stat().st_size <= 20_000
    kept.unlink()
    kept.symlink_to(kept.parent / "elsewhere")
    assert say(server, thumb="up").status == 507
    assert not (kept.parent / "elsewhere").exists()


def test_the_next_round_learns_from_what_is_right_and_names_the_rest(
    server: TinyServer, kept: Path
) -> None:
    say(server, thumb="up", answer_id="a")
    say(server, thumb="up", answer_id="b", correction="Five", note="not four")
    say(server, thumb="down", answer_id="c")
    say(server, note="hm", answer_id="d")
    say(server, thumb="up", answer_id="e")
    say(server, thumb="down", answer_id="e")
    say(server, thumb="up", answer_id=None)
    say(server, thumb="up", answer_id=None, answer=" ")
    detected = detect_kind(SourceFile(path=kept, name=kept.name))
    assert detected.kind.name == "feedback"
    found = list(read_source(SourceRecipe(path=kept.name), folder=kept.parent))
    talks: list[Any] = [one["messages"] for one in fields_of(found)]
    assert [talk[-1]["content"] for talk in talks] == ["Four", "Five", "Four"]
    assert talks[0][:-1] == [*ASKED[:2], {**ASKED[2], "weight": 0}, ASKED[3]]
    assert reasons_of(found) == {
        "feedback.jsonl:3": "thumb down, no correction",
        "feedback.jsonl:4": "no thumb, no correction",
        "feedback.jsonl:5": "later feedback",
        "feedback.jsonl:6": "thumb down, no correction",
        "feedback.jsonl:8": "missing_content",
    }


def test_a_file_of_feedback_is_known_behind_a_damaged_line(kept: Path) -> None:
    kept.write_text('{"half\n{"schema":"tunesmith.feedback/1","thumb":"up"}\n{"schema":"other"}\n')
    assert detect_kind(SourceFile(path=kept, name=kept.name)).kind.name == "feedback"
    reasons = reasons_of(list(read_source(SourceRecipe(path=kept.name), folder=kept.parent)))
    assert reasons == {
        "feedback.jsonl:1": "bad JSON",
        "feedback.jsonl:2": "missing_content",
        "feedback.jsonl:3": "no feedback",
    }
    kept.write_text('{"messages": [{"role": "user", "content": "tunesmith.feedback/1"}]}\n')
    assert detect_kind(SourceFile(path=kept, name=kept.name)).kind.name != "feedback"
