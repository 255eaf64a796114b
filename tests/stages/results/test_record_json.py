"""Records are the JSON of `--json`, key by key, and come back from what runs keep on disk."""

import dataclasses
import importlib
import inspect
import json
from pathlib import Path
from types import ModuleType

import pytest

import tunesmith.stages.results
from tunesmith.evaluation.grade import Comparison, Score
from tunesmith.stages.results.prepared import Prepared
from tunesmith.stages.results.scores import Scores
from tunesmith.stages.results.taught import LessonResult
from tunesmith.stages.results.trained import Trained

SCORE = Score(
    value=1.0, low=None, high=None, count=3, failed=1, low_if_failed=0.5, high_if_failed=2.0
)
OLD_SUMMARY = {"kept": 3, "dropped": {"too long": 1}, "notices": ["a"], "of_another_version": 1}


def modules() -> list[ModuleType]:
    folder = Path(tunesmith.stages.results.__file__).parent
    names = [path.stem for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    return [importlib.import_module(f"tunesmith.stages.results.{name}") for name in names]


def records() -> list[type]:
    return [
        one
        for module in modules()
        for one in vars(module).values()
        if inspect.isclass(one) and one.__module__ == module.__name__
    ]


def test_every_record_is_frozen_has_slots_and_says_what_it_is() -> None:
    assert len(records()) > 15
    for one in records():
        assert dataclasses.is_dataclass(one), one
        assert one.__dataclass_params__.frozen, one  # type: ignore[attr-defined]
        assert hasattr(one, "__slots__"), one
        assert inspect.getdoc(one), one


def test_scores_are_the_file_they_came_from_key_by_key() -> None:
    comparison = Comparison(
        metric="judge", first="base", second="tuned", difference=None, low=None, high=None,
        p_value=None, verdict="no difference shown", count=0, left_out=4,
    )  # fmt: skip
    trust = {"verdict": "usable", "reasons": [], "rows": 4}
    record = {
        "schema": 1,
        "normalisation": 1,
        "metrics": {"judge": {"base": SCORE.to_json(), "tuned": SCORE.to_json()}},
        "loss": {"base": SCORE.to_json()},
        "comparisons": [comparison.to_json()],
        "judge": {"name": "x", "prompt": "judge/absolute@1", "trust": trust},
    }
    paired = {"pairwise_prompt": "p", "against": "base", "preferences": {"tuned": {"win": 1}}}
    for judge in (record["judge"], {**record["judge"], **paired}):  # type: ignore[dict-item]
        written = {**record, "judge": judge}
        scores = Scores.from_dict(written)
        assert json.dumps(scores.to_dict()) == json.dumps(written)
        assert scores.judge is not None
        assert scores.judge.verdict == "usable"
    for missing in ("loss", "judge"):
        less = {key: one for key, one in record.items() if key != missing}
        assert json.dumps(Scores.from_dict(less).to_dict()) == json.dumps(less)


def test_records_of_other_versions_still_open() -> None:
    prepared = Prepared.from_dict(OLD_SUMMARY)
    assert (prepared.kept, prepared.dropped, prepared.splits) == (3, {"too long": 1}, {})
    assert Trained.from_dict({"run": "r", "steps": 2, "flavour": "x"}).best_step is None


@pytest.mark.parametrize("before", [None, "pairs.before.jsonl"])
def test_a_lesson_names_both_versions_only_where_it_has_them(before: str | None) -> None:
    record = {
        "accepted": 1, "judged": 2, "rate": 0.5, "refused": {"x": 1}, "rows": 1, "file": "p",
        "dropped_file": "d", **({"before_file": before} if before else {}), "notices": [],
        "calls": 1, "cached": 0, "tokens": 9, "cost": None,
    }  # fmt: skip
    assert json.dumps(LessonResult.from_dict(record).to_dict()) == json.dumps(record)
