"""The report in Chinese: no English sentence of ours is left in it, and what is data stays."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.report.probes.test_probe_facts import PROBES
from tests.report.training.test_search_section import SETTINGS
from tunesmith.errors import RecipeError
from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.usability import ModelUsability, Usability, UsabilityFinding
from tunesmith.files import read_json, write_json, write_text
from tunesmith.report.record import read_run_record
from tunesmith.report.summary import summary_lines
from tunesmith.stages.report import write_report

MakeRun = Callable[..., Path]
TERMS = "AMD EPYC|IP|JSON|JavaScript|LoRA|ROUGE-L|SHA-256|Tunesmith|chrF|max_new_tokens"
SCORE = Score(value=20.0, low=10.0, high=35.0, count=10, failed=0)
JUDGE = {
    "name": "llama3",
    "prompt": "absolute-1",
    "pairwise_prompt": "pairwise-1",
    "against": "base",
    "trust": {
        "verdict": "noisy, use with care",
        "reasons": [
            "12 % of planted answers stand in the wrong order",
            "only 4 rows to try it with",
        ],
        "spread": 12.0,
        "means": {"reference": 97.0, "half": 60.0, "attack": 5.0},
        "rows": 4,
    }
    | {
        name: {"value": 12.0, "low": 4.0, "high": 30.0, "count": 16}
        for name in ("ranking", "wording", "attack_rate", "flip_rate", "failed")
    },
}
EXPORT = {
    "name": "q4_0",
    "format": "gguf",
    "path": "exports/q4.gguf",
    "sha256": "99b90ed0320d",
    "compared": {"furthest_nats": 0.17, "equal_answers": 9, "rows": 10},
    "differences": {},
}
NOTICES = [
    "texts without probes, to take under a tenth of the run; for all: evaluation.probes: general"
]
DOUBLING = {"value": 4.2, "low": 1.1, "high": 7.0, "outcome": "gain"}
CURVE = {
    "schema": 1,
    "sizes": [10, 20, 40],
    "seeds": 2,
    "steps": 60,
    "test_rows": 10,
    "main": "token_f1",
    "metrics": {
        "token_f1": {
            "points": [[10, 20.0, 18.0, 22.0], [20, 30.0, 28.0, 31.0], [40, 35.0, 33.0, 36.0]],
            "doubling": DOUBLING,
        }
    },
    "sentence": "Twice the rows would bring about 4 points of token F1 (1.1 to 7).",
}
SENTENCE = (
    "2 of 10 answers cannot be used (20 %, 10 to 35): 1 does not end, 1 repeats itself. "
    "No difference from a look-up of the nearest training question is shown."
)


def usability() -> dict[str, Any]:
    finding = UsabilityFinding(
        rule="faulty", outcome="not usable yet", sentence=SENTENCE, rate=SCORE
    )
    told = ModelUsability(outcome="not usable yet", sentence=SENTENCE, findings=(finding,))
    rates = {name: {"tuned": SCORE} for name in ("faulty", "unfinished", "repeats", "right")}
    return dict(Usability(models={"tuned": told}, rates=rates).to_json())


@pytest.fixture
def full_run(make_run: MakeRun) -> Path:
    """A run of which everything is known that a report can show."""
    folder = make_run(rivals=("nearest",))
    scores = read_json(folder / "scores.json")
    scores |= {"usability": usability(), "judge": JUDGE, "probes": PROBES | {"notices": NOTICES}}
    write_json(folder / "scores.json", scores)
    write_json(folder / "exports.json", {"schema": 1, "exports": [EXPORT]})
    write_json(folder / "curve.json", CURVE)
    write_json(folder / "settings.json", SETTINGS)
    write_json(folder / "manifest.json", {"search": {}})
    write_text(folder / "recipe.yaml", "model: {name: starter}\nreport: {language: zh}\n")
    return folder


def english_left(text: str) -> list[str]:
    """Words of English in a row that are neither data, nor code, nor a term."""
    text = re.sub(r"(?s)<(script|style|pre|code|details)\b.*?</\1>", "\n", text)
    text = unescape(re.sub(r"<[^>]+>", "\n", text)).replace("KL(tuned, base)", "KL")
    text = re.sub(rf"\b(?:{TERMS})\b", " · ", text)
    found = re.findall(r"[A-Za-z][a-z'’]+(?:[ ,;]{1,2}[A-Za-z][a-z'’]+)+", text)
    return [one for one in found if one not in ("few-shot",)]


def test_no_english_sentence_is_left_on_the_page(full_run: Path, drawn_anew: None) -> None:
    write_report(full_run)
    page = (full_run / "report.html").read_text("utf-8")
    data = ("Capital of", "The capital is", "rows were read twice", "same as line")
    assert not [one for one in english_left(page) if not one.startswith(data)]
    assert '<html lang="zh-Hans">' in page
    drawn = re.findall(r"<text[^>]*>([^<]+)</text>", page)
    assert "损失（nat/词元）" in drawn
    assert [one for one in drawn if re.search("[a-z]{4}", one)] == []
    assert "99b90ed0320d" in page


def test_no_english_sentence_is_left_in_markdown_and_terminal(full_run: Path) -> None:
    record = write_report(full_run)
    told = (full_run / "report.md").read_text("utf-8").replace("\\", "")
    lines = [line for line in told.splitlines() if not line.startswith("    ")]
    data = ("rows were read twice", "Capital of Australia", "and capitals")
    left = english_left("\n".join(lines))
    assert not [one for one in left if not one.startswith(data)]
    summary = [one for one in summary_lines(record) if "tunesmith " not in one]
    assert [one for one in english_left("\n".join(summary)) if not one.startswith(data)] == []
    assert summary[0].startswith("尚不可用") or "尚不可用" in summary[0]


def test_records_stay_in_english_and_are_the_same_in_each_language(full_run: Path) -> None:
    write_report(full_run)
    chinese = (full_run / "diagnosis.json").read_bytes()
    write_report(full_run, language="en")
    assert (full_run / "diagnosis.json").read_bytes() == chinese
    assert "What next" in (full_run / "report.md").read_text("utf-8")


def test_an_unknown_language_writes_nothing(full_run: Path) -> None:
    with pytest.raises(RecipeError, match=r"language 'tlh' is unknown\. Known: en, zh\."):
        write_report(full_run, language="tlh")
    assert not (full_run / "report.html").exists()


def test_a_users_texts_stay_as_they_are_even_where_they_are_words_of_ours(
    make_run: MakeRun,
) -> None:
    folder = make_run(" Rows. exact match; better")
    write_report(folder, language="zh")
    assert "Capital of France? Rows. exact match; better" in (folder / "report.md").read_text(
        "utf-8"
    ).replace("\\", "")
    assert read_run_record(folder).language == "en"
