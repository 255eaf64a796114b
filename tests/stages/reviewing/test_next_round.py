"""Reviews become data tasks and a recipe that changes what they say, and leaks nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stages.reviewing.tiny_review import WRONG, example, reviewable_run
from tunesmith.errors import DataError, RecipeError
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.reviewing.kind_change import change_kind
from tunesmith.stages.reviewing.next_round_stage import NextOptions, plan_next_round
from tunesmith.stages.reviewing.review_desk import Remark, ReviewDesk
from tunesmith.stages.reviewing.review_files import review_files
from tunesmith.stages.reviewing.round_recipe import next_name

RECIPE = """# tunesmith run recipe.yaml
# what we ship
model: {name: starter}  # small
sources:
  - path: a.jsonl  # ours
examples: {split: {test: 0.2}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> ReviewDesk:
    folder = reviewable_run(tmp_path, rows=150)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    rows = [example(n, split="t").to_json() for n in range(20)]
    rows += [{**example(n, split="u").to_json(), "response": f"IT IS {n} KM AWAY."} for n in (1, 2)]
    for row in rows:
        row.pop("id")
    write_json_lines(folder.examples("train"), rows)
    return ReviewDesk(folder, author="ann")


def review(desk: ReviewDesk, number: int = 110, *, correct: bool = True) -> None:
    for _ in range(number):
        row = desk.next()
        assert row is not None
        kind = WRONG.get(int(row.example.source.partition(":")[2]) % 5)
        correction = row.example.reference if correct else ""
        right, wrong = (
            Remark(judgement="right"),
            Remark(judgement="wrong", kind=kind or "", correction=correction),
        )
        desk.say(row.example.id, wrong if kind else right)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def plan(desk: ReviewDesk, **options: Any) -> Any:
    return plan_next_round(desk.folder, NextOptions(author="ann", **options))


def test_the_next_recipe_has_what_the_reviews_say_and_marks_it(
    desk: ReviewDesk, tmp_path: Path
) -> None:
    review(desk)
    change_kind(desk, "shouted", check="accept")
    found = plan(desk)
    text = (tmp_path / "round-2.yaml").read_text()
    assert text.startswith("# tunesmith run round-2.yaml\n# Made by `tunesmith next runs/mine`")
    assert "# ours" in text
    assert "# small" in text
    for key in ("path: round-2-corrections.jsonl", "leave_out:", "round_before:"):
        (line,) = [line for line in text.splitlines() if key in line]
        assert "# this round:" in line
    recipe = load_recipe(tmp_path / "round-2.yaml")
    assert recipe.sources[1].use_as == "train"
    assert recipe.evaluation.round_before == "runs/mine"
    out = lines(tmp_path / "round-2-left-out.jsonl")
    assert {one["source"] for one in out if "shouted" in one["why"]} == {"a.jsonl:1", "a.jsonl:2"}
    corrected = lines(tmp_path / "round-2-corrections.jsonl")
    assert len(corrected) == found.corrected == sum("corrected" in one["why"] for one in out)
    assert all(one["source"].startswith("reviews.jsonl: ann on ") for one in corrected)
    assert found.tasks[0]["kind"] in WRONG.values()
    assert [one["name"] for one in found.tasks if one["is_in_recipe"]] == ["take out", "correct"]


def test_a_dry_run_writes_nothing_and_no_round_is_written_over(
    desk: ReviewDesk, tmp_path: Path
) -> None:
    review(desk)
    before = sorted(tmp_path.iterdir())
    assert plan(desk, is_dry=True).recipe is None
    assert sorted(tmp_path.iterdir()) == before
    plan(desk)
    kept = (tmp_path / "round-2.yaml").read_text()
    with pytest.raises(RecipeError, match="exists already"):
        plan(desk)
    assert (tmp_path / "round-2.yaml").read_text() == kept
    (tmp_path / "b-left-out.jsonl").write_text("mine")
    with pytest.raises(RecipeError, match="b-left-out"):
        plan(desk, out=tmp_path / "b.yaml")
    assert not (tmp_path / "b.yaml").exists()


def test_a_recipe_that_has_become_wrong_leaves_nothing_behind(
    desk: ReviewDesk, tmp_path: Path
) -> None:
    review(desk)
    (tmp_path / "recipe.yaml").write_text(RECIPE + "nonsense: {a: 1}\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RecipeError, match="nonsense"):
        plan(desk)
    assert sorted(tmp_path.iterdir()) == before


def test_a_correction_that_would_leak_a_test_row_is_refused(
    desk: ReviewDesk, tmp_path: Path
) -> None:
    review(desk)
    leaked = next(row for row, one in desk.reviewed().items() if one.correction)
    asked = desk.rows[leaked].example.prompt[0].content
    test = [{"instruction": f" {asked.upper()} ", "input": "", "response": "Far.", "source": "t:1"}]
    write_json_lines(desk.folder.examples("test"), test)
    found = plan(desk)
    assert len(found.refused) == 1
    assert "leak" in found.refused[0]
    texts = [one["instruction"] for one in lines(tmp_path / "round-2-corrections.jsonl")]
    assert asked not in texts
    assert texts


def test_a_check_that_nobody_accepted_takes_nothing_out(desk: ReviewDesk, tmp_path: Path) -> None:
    review(desk, correct=False)
    found = plan(desk)
    assert found.recipe is None
    assert (found.corrected, found.left_out) == (0, 0)
    names = {one["name"] for one in found.tasks}
    assert "accept" in names
    assert "review" in names
    assert any("--check accept" in (one["command"] or "") for one in found.tasks)
    assert not (tmp_path / "round-2.yaml").exists()


def test_a_second_source_changes_no_row_of_the_first(desk: ReviewDesk, tmp_path: Path) -> None:
    """Headers that rows bear stay in a recipe of one source, and are taken off in a mixture."""
    row = next(iter(desk.rows.values()))
    asked = replace(row.example.prompt[0], content="### Question:\nHow far?\n\n### Answer:")
    bearing = replace(row.example, messages=(asked, row.example.messages[-1]))
    files = review_files(desk.folder)
    rows = [bearing, *(one.example for one in desk.rows.values())]
    write_json_lines(files.rows, (one.to_json() for one in rows))
    answers = [*read_json_lines(files.answers("tuned"))]
    write_json_lines(files.answers("tuned"), [{**answers[0], "example_id": bearing.id}, *answers])
    bearing_desk = ReviewDesk(desk.folder, author="ann")
    review(bearing_desk)
    plan(bearing_desk)
    first, second = yaml.safe_load((tmp_path / "round-2.yaml").read_text())["sources"]
    assert (first["keep_headers"], second["keep_headers"]) == (True, True)
    plan_text = (tmp_path / "round-2.yaml").read_text()
    assert "keep_headers: true # this round:" in plan_text


def test_going_on_tunes_the_tuned_model(desk: ReviewDesk, tmp_path: Path) -> None:
    review(desk)
    plan(desk, goes_on=True, out=tmp_path / "further.yaml")
    assert (
        yaml.safe_load((tmp_path / "further.yaml").read_text())["model"]["name"]
        == "runs/mine/model"
    )


def test_without_reviews_or_recipe_it_is_said_what_to_do(desk: ReviewDesk, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nobody has reviewed") as error:
        plan(desk)
    assert "tunesmith review" in str(error.value)
    review(desk)
    (tmp_path / "recipe.yaml").unlink()
    with pytest.raises(DataError, match="nobody has reviewed"):  # they lie beside the recipe
        plan(desk)


def test_fewer_rows_are_trained_for_as_many_steps(desk: ReviewDesk, tmp_path: Path) -> None:
    rows = [{**example(n, split="u").to_json(), "response": f"IT IS {n}."} for n in range(9)]
    kept = [example(n, split="t").to_json() for n in range(20)]
    write_json_lines(desk.folder.examples("train"), [*kept, *rows])
    (tmp_path / "recipe.yaml").write_text(RECIPE + "training:\n  epochs: 4\n")
    review(desk, correct=False)
    change_kind(desk, "shouted", check="accept")
    plan(desk)
    assert (
        "epochs: 6  # this round: as many steps with fewer rows; was 4"
        in (tmp_path / "round-2.yaml").read_text()
    )


def test_names_of_rounds_count_on() -> None:
    names = {
        "recipe.yaml": "round-2.yaml", "round-2.yaml": "round-3.yaml", "faq.yml": "faq-round-2.yml",
        "faq-round-9.yaml": "faq-round-10.yaml", "around-2.yaml": "around-2-round-2.yaml",
    }  # fmt: skip
    assert {name: next_name(Path(name)) for name in names} == names
