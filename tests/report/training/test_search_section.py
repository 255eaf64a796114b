"""The report shows what a search tried, what it chose, and where it was not needed nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.report.test_page import parsed
from tunesmith.files import write_json
from tunesmith.report.pictures.trials_curve import rungs_of, trials_svg
from tunesmith.report.training.search_section import search_line
from tunesmith.stages.report import write_report

TRIALS = [
    {"learning_rate": 1e-4, "steps": 8, "loss": 2.0},
    {"learning_rate": 3e-4, "steps": 8, "loss": 1.0},
    {"learning_rate": 9e-4, "steps": 8, "loss": None},
    {"learning_rate": 2e-4, "steps": 16, "loss": 0.9},
]
SETTINGS: dict[str, Any] = {
    "schema": 1,
    "learning_rate": 1.7e-4,
    "epochs": 6.0,
    "examples_per_step": 8,
    "early_stopping": None,
    "rows": 300,
    "trials": TRIALS,
    "share": 0.13,
    "measured_by": {"held_aside": 3, "validation": 13},
}


def test_trials_are_drawn_by_their_length_and_the_choice_beside_them() -> None:
    assert rungs_of(TRIALS) == {8: [(1e-4, 2.0), (3e-4, 1.0)], 16: [(2e-4, 0.9)]}
    svg = trials_svg(SETTINGS)
    assert svg is not None
    for words in ("after 8 steps", "after 16 steps", "training takes 0.00017"):
        assert words in svg
    assert svg == trials_svg(SETTINGS)
    assert trials_svg({**SETTINGS, "trials": TRIALS[2:3]}) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "4 short trials (1 diverged) from the same weights, compared by the loss on 16 rows"),
        ({"trials": []}, "too few rows for trials"),
        ({"trials": [], "share": ...}, "by the number of training rows, 300"),
    ],
)
def test_a_sentence_says_how_the_numbers_came_about(change: dict[str, Any], expected: str) -> None:
    found = {name: value for name, value in (SETTINGS | change).items() if value is not ...}
    line = search_line(found)
    assert expected in line
    assert line.startswith("learning_rate 0.00017, epochs 6, examples_per_step 8. ")


def test_page_and_text_say_what_was_found_and_nothing_where_the_recipe_did(
    make_run: Callable[..., Path],
) -> None:
    folder = make_run()
    for is_found in (False, True):
        if is_found:
            write_json(folder / "settings.json", SETTINGS)
            write_json(folder / "manifest.json", {"search": {}})
        write_report(folder)
        page = parsed((folder / "report.html").read_text(encoding="utf-8")).words
        text = (folder / "report.md").read_text(encoding="utf-8")
        assert ("Settings that were found" in page) == is_found
        assert ("13 % of the training's cost" in text) == is_found
