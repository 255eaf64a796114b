"""Looks at a test set are lines that stay, whatever crashes; seeing the same again is no choice."""

import json
from pathlib import Path

import pytest

from tunesmith.evaluation.grade import Comparison
from tunesmith.rounds.look_log import HeldOut, Look, LookLog, append_look, choice_of, choices_in


def held_out(path: Path, ids: range) -> HeldOut:
    path.write_text("".join(json.dumps({"id": f"{n * 7919 % 65521:016x}"}) + "\n" for n in ids))
    return HeldOut.read(path)


def seen(test: HeldOut, choice: str | None, run: str = "r") -> Look:
    return Look(
        time="2026-01-01T00:00:00+00:00",
        who="ann",
        command="report",
        run=run,
        test=test,
        scores={"chrf": ("base", "tuned")},
        choice=choice,
    )


@pytest.mark.parametrize("broken", ['{"schema": 1, "time": "2026', "{}\n", "[1]\n", "not json\n"])
def test_a_line_that_is_no_look_is_counted_and_stays(tmp_path: Path, broken: str) -> None:
    path, test = tmp_path / "looks.jsonl", held_out(tmp_path / "t.jsonl", range(9))
    append_look(path, seen(test, "a"))
    with path.open("a") as stream:
        stream.write(broken)
    before = path.read_bytes()
    append_look(path, seen(test, "b"))
    assert path.read_bytes().startswith(before)
    log = LookLog.read(path)
    assert [look.choice for look in log.looks] == ["a", "b"]
    assert log.num_unread == 1


def test_a_look_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = Comparison(
        metric="chrf", first="base", second="tuned", difference=2.0, low=1.0, high=3.0,
        p_value=0.01, verdict="better", count=9,
    )  # fmt: skip
    test = held_out(tmp_path / "t.jsonl", range(9))
    look = Look(
        time="t", who="w", command="c", run="r", test=test, scores={"chrf": ["base", "tuned"]},
        comparisons=(one,), choice=choice_of("r", [one], {}),
    )  # fmt: skip
    append_look(tmp_path / "looks.jsonl", look)
    assert LookLog.read(tmp_path / "looks.jsonl").looks == (look,)
    assert LookLog.read(tmp_path / "none.jsonl") == LookLog(looks=(), num_unread=0)


def test_a_test_set_with_a_few_other_rows_is_the_same_and_one_of_new_rows_is_not(
    tmp_path: Path,
) -> None:
    old = held_out(tmp_path / "old.jsonl", range(200))
    assert old.is_same(held_out(tmp_path / "more.jsonl", range(210)))
    assert old.is_same(held_out(tmp_path / "less.jsonl", range(30, 200)))
    assert not old.is_same(held_out(tmp_path / "new.jsonl", range(200, 400)))
    assert not old.is_same(held_out(tmp_path / "mostly.jsonl", range(180, 400)))
    assert len({old.hash, held_out(tmp_path / "more.jsonl", range(210)).hash}) == 2


def test_unchanged_scores_are_one_choice_however_often_they_are_seen(tmp_path: Path) -> None:
    test = held_out(tmp_path / "t.jsonl", range(9))
    looks = [seen(test, one) for one in ("a", "a", None, "b", "a", "c", "b")]
    assert [*choices_in(looks)] == ["a", "b", "c"]
    assert choice_of("one", [], {"chrf": 1}) != choice_of("two", [], {"chrf": 1})
