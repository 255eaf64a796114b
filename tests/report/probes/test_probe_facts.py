"""What was forgotten, in words, in the terminal, in Markdown and on the page."""

from dataclasses import replace
from typing import Any

from tunesmith.report.notebook import scores_alone
from tunesmith.report.probes.probe_facts import (
    benchmark_rows,
    probe_remarks,
    probe_rows,
    probe_sentence,
)
from tunesmith.report.probes.probe_section import probe_section
from tunesmith.report.record import RunRecord


def figure(name: str, kind: str, **changes: Any) -> dict[str, Any]:
    plain = {"base": 50.0, "tuned": 40.0, "difference": -10.0, "low": -12.0, "high": -8.0}
    told = {"p_value": 0.001, "chance": None, "count": 100, "word": "kept", **plain}
    return {"name": name, "kind": kind, **told, **changes}


PROBES = {
    "word": "forgot",
    "figures": [
        figure("words", "right", chance=33.3, word="some loss"),
        figure("all", "right", chance=33.3, count=600),
        figure("perplexity, en", "perplexity", difference=1.6, low=1.5, high=1.7, word="forgot"),
        figure("divergence, zh", "divergence", base=0.0, tuned=0.42, word="some loss"),
        figure("perplexity, zh", "perplexity", word=None),
    ],
    "notices": ["half of the probes"],
}


def record(**told: Any) -> RunRecord:
    return replace(scores_alone({}, (), {}), **told)


def test_what_was_lost_is_named_with_both_figures_and_the_cure() -> None:
    told = probe_sentence(PROBES)
    assert told.startswith(
        "General knowledge: forgot (knowledge of words 40.0, was 50.0; perplexity of general "
        "texts, English 40.0, was 50.0; 0.42 nats a token from base on Chinese texts). To keep "
        "more: a lower training.learning_rate"
    )


def test_what_was_kept_rests_on_so_many_probes_and_texts() -> None:
    kept = {
        "word": "kept",
        "figures": [
            figure("all, en", "right", chance=33.3, count=600),
            figure("all, zh", "right", chance=33.3, count=600),
            figure("perplexity, en", "perplexity", count=20),
        ],
    }
    assert probe_sentence(kept) == (
        "General knowledge: kept (no loss is shown by 1,200 probes and 20 texts)."
    )
    texts = {"word": "kept", "figures": [figure("perplexity", "perplexity", count=20)]}
    assert probe_sentence(texts) == "General knowledge: kept (no loss is shown by 20 texts)."


def test_what_was_not_asked_says_why_and_how_to_ask() -> None:
    told = probe_sentence({"left_out": "too long"})
    assert told == (
        "General knowledge was not probed: too long. Ask all the same: evaluation.probes: general."
    )
    assert probe_rows({"left_out": "too long"}) == []
    assert probe_sentence({}) == ""
    assert "not probed" in str(probe_section(record(probes={"left_out": "<b>"})))
    assert str(probe_section(record())) == ""


def test_the_table_gives_quotients_of_perplexity_and_differences_of_points() -> None:
    rows = {row[0]: row[1:] for row in probe_rows(PROBES)}
    words = rows["Knowledge of words (guessing: 33)"]
    assert words == ("50.0", "40.0", "−10.0", "−12.0 to −8.0", "some loss")
    assert rows["Perplexity of general texts, English"][2:4] == ("× 1.60", "1.50 to 1.70")
    assert rows["KL(tuned, base) on them, Chinese"][:2] == ("–", "0.420")
    assert rows["Perplexity of general texts, Chinese"][-1] == "–"
    remarks = list(probe_remarks(PROBES))
    assert remarks[0] == "Half of the probes."
    assert "Chinese is not judged" in remarks[1]


def test_benchmarks_stand_below_as_lm_eval_tells_them() -> None:
    told = {
        "version": "0.4.13",
        "figures": [
            {
                "benchmark": "arc",
                "metric": "acc",
                "base": 0.25,
                "tuned": 0.5,
                "difference": 0.25,
                "low": None,
                "high": None,
            }
        ],
    }
    assert benchmark_rows(told)[1] == ("arc: acc", "0.250", "0.500", "+0.250", "–")
    assert "lm_eval 0.4.13" in str(probe_section(record(benchmarks=told)))
    assert benchmark_rows({}) == []
