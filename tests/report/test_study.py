"""A study beside a run becomes a section of the report, with its date and its figures."""

import re
from pathlib import Path
from typing import Any

import pytest

from tunesmith.files import write_json
from tunesmith.report.pictures.pairs_curve import pairs_svg
from tunesmith.report.record import read_run_record
from tunesmith.report.study import study_section

KINDS = ["all", "facts, short, wording seen", "facts, short, wording unseen", "task capital"]


def _runs(middle: float) -> dict[str, list[float]]:
    figures = {kind: [middle, middle - 1, middle + 1] for kind in KINDS}
    return {**figures, "answers that end": [100.0] * 3, "steps": [240] * 3}


STUDY: dict[str, Any] = {
    "date": "2026-11-25",
    "seeds": 3,
    "threads": 2,
    "base": {
        "facts completed": {"capital": 97.0, "all": 96.5},
        "bare questions": {"more text": 12, "another question": 88},
        "shown": [{"question": "Which <b>?", "goes on": "What\n\nis it?"}],
        "test": {**dict.fromkeys(KINDS, 0.3), "answers that end": 2.0},
    },
    "variants": {"full": _runs(91.0), "random weights": _runs(4.0)},
    "pairs": {"12": _runs(48.0), "1200": _runs(91.0)},
}


@pytest.fixture
def section(tmp_path: Path) -> str:
    write_json(tmp_path / "study.json", STUDY)
    return str(study_section(read_run_record(tmp_path)))


def test_a_run_without_a_study_has_no_section(tmp_path: Path) -> None:
    assert str(study_section(read_run_record(tmp_path))) == ""


def test_the_figures_stand_with_their_date_and_spread(section: str) -> None:
    assert "2026-11-25 with 3 seeds" in section
    assert "96.5 %" in section
    assert "88 by another question, 12 by more text" in section
    assert "<td>91.0 (90.0 to 92.0)</td>" in section
    assert re.search(r'scope="row">1,200</th><td>91.0', section)


def test_what_a_model_wrote_is_text_on_one_line(section: str) -> None:
    assert "Which &lt;b&gt;?" in section
    assert "What / is it?" in section


def test_the_curve_has_a_mark_a_number_of_pairs_and_a_name_a_line() -> None:
    svg = pairs_svg({"seen": {12: (40, 38, 42), 1200: (98, 97, 99)}})
    assert svg.startswith("<svg")
    assert ">seen<" in svg
    assert ">1,200<" in svg
    assert svg == pairs_svg({"seen": {1200: (98, 97, 99), 12: (40, 38, 42)}})
