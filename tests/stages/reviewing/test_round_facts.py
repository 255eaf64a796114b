"""A round is measured against the one before, on rows that measure, and told in the report."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.reviewing.tiny_review import WRONG, answer, reviewable_run
from tunesmith.files import read_json, read_json_lines, write_json, write_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.report.rounds.round_section import kind_rows, round_section, round_sentences
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing import round_facts
from tunesmith.stages.reviewing.kind_change import change_kind
from tunesmith.stages.reviewing.review_desk import Remark, ReviewDesk
from tunesmith.stages.reviewing.review_files import review_files
from tunesmith.stages.reviewing.round_facts import measure_round


def graded(folder: RunFolder, score: float) -> None:
    grades = [
        {
            "example_id": f"t{n}",
            "model": "tuned",
            "metric": "chrf",
            "score": score + n % 7,
            "reason": None,
        }
        for n in range(60)
    ]
    write_json_lines(folder.grades("chrf"), grades)
    told = {
        "tuned": {"value": score, "low": score - 1, "high": score + 1, "count": 60, "failed": 0}
    }
    write_json(folder.scores, {"metrics": {"chrf": told}, "comparisons": []})


@pytest.fixture
def rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A reviewed round, and one after it that shouts no more and forgets the unit as before."""
    first = reviewable_run(tmp_path, rows=200)
    desk = ReviewDesk(first, author="ann")
    for _ in range(80):
        row = desk.next()
        assert row is not None
        kind = WRONG.get(int(row.example.source.partition(":")[2]) % 5)
        desk.say(
            row.example.id,
            Remark(judgement="wrong", kind=kind) if kind else Remark(judgement="right"),
        )
    change_kind(desk, "shouted", check="capitals")
    graded(first, 60.0)
    second = RunFolder(tmp_path / "runs" / "second", tmp_path)
    second.path.mkdir()
    write_json(second.path / "tunesmith-run.json", read_json(first.path / "tunesmith-run.json"))
    graded(second, 40.0)
    rows = [*read_json_lines(review_files(first).rows)][10:]
    write_json_lines(review_files(second).rows, rows)
    answers = [
        {"example_id": row["id"], "model": "tuned", "num_tokens": 5, "finish_reason": "stop",
         "text": answer(n).capitalize() if n % 5 == 1 else answer(n)}
        for n, row in enumerate(rows, start=10)
    ]  # fmt: skip
    write_json_lines(review_files(second).answers("tuned"), answers)
    monkeypatch.setattr(round_facts, "answer_for_review", lambda run, most_rows: None)
    recipe = recipe_from_mapping(
        {"sources": [{"path": "a.jsonl"}], "evaluation": {"round_before": "runs/mine"}}
    )
    return Run(recipe=recipe, folder=second, paths_from=tmp_path)


def test_what_shrank_and_what_got_worse_is_said(rounds: Run) -> None:
    measure_round(rounds)
    facts: dict[str, Any] = read_json(rounds.folder.rounds)
    assert facts["rows"] == 101  # of 190, those that measure
    shouted, unit = sorted(facts["kinds"], key=lambda one: one["kind"], reverse=True)
    assert (shouted["kind"], shouted["by"], unit["by"]) == ("shouted", "check", "people")
    assert shouted["before"]["low"] < 20 < shouted["before"]["high"]
    assert shouted["after"]["rate"] == 0
    assert shouted["difference"]["high"] < 0
    told = " ".join(round_sentences(facts))
    assert "Shrank since runs/mine: shouted." in told
    assert "Worse than the round before on the test rows: chrF." in told
    assert "no unit" not in told.partition("Not looked at")[0]
    page = round_section(facts)
    assert "mine" in page
    assert "second" in page
    assert len(kind_rows(facts)) == 3


def test_what_grew_is_said_as_well(rounds: Run) -> None:
    path = review_files(rounds.folder).answers("tuned")
    loud = [{**one, "text": str(one["text"]).upper()} for one in read_json_lines(path)]
    write_json_lines(path, loud)
    measure_round(rounds)
    facts = read_json(rounds.folder.rounds)
    assert "Grew since runs/mine: shouted." in " ".join(round_sentences(facts))


def test_a_round_before_that_is_gone_is_said(rounds: Run, tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").rename(tmp_path / "elsewhere")
    measure_round(rounds)
    facts = read_json(rounds.folder.rounds)
    assert [*round_sentences(facts)] == [
        "The round before (runs/mine) is not there, or was not reviewed."
    ]
    assert "not there" in round_section(facts)
    assert round_section({}) == ""


def test_a_run_without_a_round_before_measures_nothing(rounds: Run) -> None:
    recipe = recipe_from_mapping({"sources": [{"path": "a.jsonl"}]})
    measure_round(Run(recipe=recipe, folder=rounds.folder, paths_from=rounds.paths_from))
    assert not rounds.folder.rounds.exists()


def test_hostile_names_stay_text(rounds: Run) -> None:
    measure_round(rounds)
    facts = read_json(rounds.folder.rounds)
    facts["kinds"][0]["kind"] = "<script>alert(1)</script>"
    assert "<script>" not in round_section(facts)
