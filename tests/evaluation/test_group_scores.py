"""Scores by task, source, tag and kind, and the group that is clearly weak."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.group_scores import JOINED, group_scores
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json_lines


def scored(
    folder: Path,
    rows: Sequence[tuple[str, Sequence[str], float | None]],
    *,
    answers: Sequence[str] = ("Yes",),
) -> dict[str, Any]:
    """Groups of rows of a file, tags and a mark each."""
    examples = [
        Example(
            messages=(
                Message(role="user", content=f"Question {number}?"),
                Message(role="assistant", content=answers[number % len(answers)]),
            ),
            source=f"{name}:{number}",
            tags=tuple(tags),
        )
        for number, (name, tags, _) in enumerate(rows)
    ]
    write_json_lines(folder / "test.jsonl", (one.to_json() for one in examples))
    grades = (
        Grade(example_id=one.id, model=model, metric="chrf", score=mark).to_json()
        for model in ("base", "tuned", "rival")
        for one, (_, _, mark) in zip(examples, rows, strict=True)
    )
    write_json_lines(folder / "chrf.jsonl", grades)
    return group_scores(folder / "test.jsonl", {"chrf": folder / "chrf.jsonl"})


def values(found: Mapping[str, Any]) -> dict[str, float]:
    return {name: one["scores"]["chrf"]["tuned"]["value"] for name, one in found["groups"].items()}


def test_the_weak_group_is_named_with_intervals(tmp_path: Path) -> None:
    rows = [("a.jsonl", ["task:sort"], 90.0 - i % 3) for i in range(20)]
    rows += [("b.jsonl", ["task:sum"], 20.0 + i % 3) for i in range(10)]
    found = scored(tmp_path, rows)
    assert values(found["task"]) == values_of(sort=rows[:20], sum=rows[20:])
    weak = found["task"]["weakest"]
    assert (weak["group"], weak["metric"], weak["model"]) == ("sum", "chrf", "tuned")
    assert weak["score"]["low"] < weak["score"]["high"] < weak["others"]["low"]
    assert found["source"]["weakest"]["group"] == "b.jsonl"
    assert [*found["task"]["groups"]["sum"]["scores"]["chrf"]] == ["base", "tuned"]


def values_of(**groups: Sequence[tuple[str, Sequence[str], float | None]]) -> dict[str, Any]:
    return {
        name: pytest.approx(sum(mark or 0.0 for _, _, mark in rows) / len(rows))
        for name, rows in groups.items()
    }


def test_groups_of_few_rows_are_joined_and_failed_ones_counted(tmp_path: Path) -> None:
    rows: list[tuple[str, Sequence[str], float | None]] = [("a", ["x"], 50.0)] * 6
    rows += [("a", ["y"], 50.0)] * 4 + [("a", ["z"], None)] * 3
    found = scored(tmp_path, rows)["tag"]
    assert {name: one["rows"] for name, one in found["groups"].items()} == {"x": 6, JOINED: 7}
    joined = found["groups"][JOINED]["scores"]["chrf"]["tuned"]
    assert (joined["count"], joined["failed"]) == (4, 3)


@pytest.mark.parametrize("gap", [0.0, 9.0])
def test_groups_that_hardly_differ_have_no_weakest(tmp_path: Path, gap: float) -> None:
    rows = [("a", ["x"], 60.0 + i % 2) for i in range(30)]
    rows += [("a", ["y"], 60.0 - gap + i % 2) for i in range(30)]
    assert scored(tmp_path, rows)["tag"]["weakest"] is None


def test_few_noisy_rows_are_not_called_weak(tmp_path: Path) -> None:
    rows = [("a", ["x"], float(i % 2 * 100)) for i in range(12)]
    rows += [("a", ["y"], float((i % 3 == 0) * 100)) for i in range(6)]
    assert scored(tmp_path, rows)["tag"]["weakest"] is None


def test_one_group_alone_is_no_grouping(tmp_path: Path) -> None:
    assert scored(tmp_path, [("a", [], 50.0)] * 9) == {}


def test_rows_that_read_and_rows_that_write_are_told_apart(tmp_path: Path) -> None:
    answers = ["Yes", "word " * 20]
    rows = [("a", [], 90.0 - 70 * (i % 2)) for i in range(24)]
    found = scored(tmp_path, rows, answers=answers)["kind"]
    assert values(found) == {"reads": pytest.approx(90.0), "writes": pytest.approx(20.0)}
    assert found["weakest"]["group"] == "writes"
