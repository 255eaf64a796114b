"""Rates become words by the rules; the headline never praises what cannot be used or looked up."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.headline import headline_of
from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.usability.measure import UsabilityFiles, measure_usability
from tunesmith.evaluation.usability.row_signs import read_row_signs
from tunesmith.evaluation.usability.usability import Usability
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.examples.example import Example, Message
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import Completion

Look = Callable[..., tuple[Usability, str]]
COUNT = 24


def rows(kind: str, count: int = COUNT, *, first: int = 0) -> list[Example]:
    def row(number: int) -> Example:
        if kind == "label":
            asked, answer = f"Sort text {number * 37}.", ("spam", "ham", "ham")[number % 3]
        elif kind == "text":
            asked = f"Tell me about town {number}."
            answer = (
                f"It lies on hill {number * 13} by river {number * 29}, has {number * 7} mills and "
                f"sells wool{number} and tin{number} to the people of the coast every spring."
            )
        else:
            asked, answer = f"Which code has item {number}?", f"code {number * 31}"
        messages = (Message(role="user", content=asked), Message(role="assistant", content=answer))
        return Example(messages=messages, source=f"{kind} {number}")

    return [row(number) for number in range(first, first + count)]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    def look(
        kind: str,
        tuned: Sequence[str],
        *,
        base: str = "no idea at all",
        nearest: Sequence[str] | None = None,
        reason: str = "stop",
    ) -> tuple[Usability, str]:
        test = rows(kind, len(tuned))
        train = rows(kind, 60, first=200)
        for name, part in (("train", train), ("test", test)):
            write_json_lines(tmp_path / f"{name}.jsonl", (row.to_json() for row in part))
        said = {"base": [base] * len(test), "tuned": tuned, "nearest": nearest or ["?"] * len(test)}
        files = {model: tmp_path / f"{model}.jsonl" for model in said}
        for model, texts in said.items():
            write_json_lines(
                files[model], (_said(model, *p, reason) for p in zip(test, texts, strict=True))
            )
        comparisons = _compared(tmp_path, files)
        usability = measure_usability(
            UsabilityFiles(
                train=tmp_path / "train.jsonl",
                test=tmp_path / "test.jsonl",
                completions=files,
                signs=lambda model: tmp_path / "signs" / f"{model}.jsonl",
            ),
            markers=("### Response:",),
            comparisons=comparisons,
        )
        own = [c for c in comparisons if c.first == "base"]
        return usability, headline_of(overall_verdict(own), usability).title

    return look


def _said(model: str, row: Example, text: str, reason: str) -> dict[str, Any]:
    one = Completion(example_id=row.id, model=model, text=text, num_tokens=1, finish_reason=reason)
    return one.to_json()


def _compared(folder: Path, files: dict[str, Path]) -> list[Comparison]:
    references = ReferenceFile(folder / "test.jsonl")
    paths = {metric: folder / f"{metric}-grades.jsonl" for metric in ("exact_match", "token_f1")}
    for metric, path in paths.items():
        grades = [
            grade.to_json()
            for model, file in files.items()
            for grade in grade_completions(
                (Completion(**line) for line in read_json_lines(file)),
                references,
                metric=metric,
                model=model,
            )
        ]
        write_json_lines(path, grades)
    return [Comparison.from_json(one) for one in score_files(paths)["comparisons"]]


def right(kind: str, count: int = COUNT) -> list[str]:
    return [row.reference for row in rows(kind, count)]


def turned(texts: Sequence[str], by: int = 1) -> list[str]:
    return [*texts[by:], *texts[:by]]


@pytest.mark.parametrize("kind", ["short", "label", "text"])
def test_right_answers_are_usable(kind: str, look: Look) -> None:
    usability, title = look(kind, right(kind))
    assert usability.models["tuned"].outcome == "usable"
    assert title == "Better, usable"
    assert usability.models["base"].outcome == "not usable yet"


@pytest.mark.parametrize("kind", ["short", "label", "text"])
def test_fluent_answers_to_other_questions_are_not(kind: str, look: Look) -> None:
    usability, title = look(kind, turned(right(kind)))
    assert usability.models["tuned"].outcome == "not usable yet"
    assert not title.startswith("Better")


def test_loops_are_not_however_much_they_share_with_references(look: Look) -> None:
    texts = [f"{text} {text} {text} {text}" for text in right("text")]
    usability, title = look("text", texts)
    assert title == "Higher scores, but not usable yet"
    finding = usability.models["tuned"].findings[0]
    assert (finding.rule, finding.rate.value) == ("faulty", 100)
    assert "24 repeat themselves" in finding.sentence
    assert len(finding.rows) == 20


def test_right_answers_that_never_end_are_not(look: Look) -> None:
    usability, title = look("short", right("short"), reason="length")
    assert title == "Higher scores, but not usable yet"
    assert "do not end" in usability.models["tuned"].sentence


def test_one_label_for_everything_is_not(look: Look) -> None:
    usability, _ = look("label", ["ham"] * COUNT)
    rules = {finding.rule: finding.outcome for finding in usability.models["tuned"].findings}
    assert rules["constant"] == "not usable yet"


def test_a_third_wrong_takes_care(look: Look) -> None:
    texts = [text if n % 3 else "code 5" for n, text in enumerate(right("short", 60))]
    usability, title = look("short", texts)
    assert title == "Better, usable with care"
    assert usability.models["tuned"].findings[0].rule == "wrong"


def test_three_right_rows_are_too_few_to_call_usable(look: Look) -> None:
    usability, _ = look("short", right("short", 3))
    assert usability.models["tuned"].outcome == "usable with care"
    assert "as few leave room" in usability.models["tuned"].sentence


def test_a_look_up_that_does_as_well_takes_the_headline(look: Look) -> None:
    usability, title = look("short", right("short"), nearest=right("short"))
    assert usability.as_good == ("nearest",)
    assert title == "A look-up does as well, usable with care"
    assert "learned to repeat, not to answer" in usability.models["tuned"].sentence


def test_every_rate_can_be_recomputed_from_the_signs_on_disk(look: Look, tmp_path: Path) -> None:
    texts = [*right("short", 20), "", "code 1 code 1 code 1 code 1 code 1", "x", "y"]
    usability, _ = look("short", texts)
    found = list(read_row_signs(tmp_path / "signs" / "tuned.jsonl"))
    for rate in ("empty", "repeats"):
        share = 100 * sum(rate in one.signs for one in found) / len(found)
        assert usability.rates[rate]["tuned"].value == pytest.approx(share)
    share = 100 * sum(one.is_right for one in found) / len(found)
    assert usability.rates["right"]["tuned"].value == pytest.approx(share)
    far = [one for one in found if (one.similarity or 0) < (usability.band_limit or 0)]
    assert usability.bands["far"].count == len(far) > 0
