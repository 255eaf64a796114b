"""Scores by group: folded in the page, and a line where one group is clearly weak."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tunesmith.files import write_json
from tunesmith.report.record import read_run_record
from tunesmith.report.summary import summary_lines
from tunesmith.stages.report import write_report


def score(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 5, "high": value + 5, "count": 12, "failed": 0}


def grouped(weak: str | None) -> dict[str, Any]:
    groups = {
        name: {"rows": 12, "scores": {"chrf": {"base": score(10), "tuned": score(value)}}}
        for name, value in (("<b>", 20.0), ("y", 90.0))
    }
    told = {"metric": "chrf", "model": "tuned", "score": score(20.0), "others": score(90.0)}
    return {"groups": groups, "weakest": {"group": weak, **told} if weak else None}


@pytest.mark.parametrize(
    ("name", "weak", "told"),
    [
        ("tag", "<b>", "Weakest: tag '<b>'. tuned's chrF is 20.0 (15.0 to 25.0) on 12 rows"),
        ("kind", "reads", "Weakest: rows that read (a shorter answer than question). tuned's"),
        ("task", None, None),
    ],
)
def test_groups_are_folded_and_a_weak_one_is_named(
    make_run: Callable[..., Path], name: str, weak: str | None, told: str | None
) -> None:
    folder = make_run()
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    write_json(folder / "scores.json", {**scores, "groups": {name: grouped(weak)}})
    write_report(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<summary>By ") == 1
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    summary = "\n".join(summary_lines(read_run_record(folder)))
    assert "Weakest" not in summary if told is None else told in summary
