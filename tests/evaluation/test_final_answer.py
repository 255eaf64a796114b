"""What a solution ends in."""

import json
from pathlib import Path

import pytest

from tunesmith.evaluation.final_answer import final_answer


@pytest.mark.parametrize(
    ("completion", "reference", "score"),
    [
        ("3 + 4 = 7\n#### 7", "It is 7.\nA: 7", 100.0),
        ("So we get\nAnswer: 1,200", "#### 1200", 100.0),
        ("A: 5. No, that was wrong.\nA: 6", "#### 6", 100.0),
        ("The answer: Paris.", "A: paris", 100.0),
        ("First line.\n7\n", "#### 7", 100.0),
        ("#### 8", "#### 7", 0.0),
        ("#### 70", "#### 7", 0.0),
        ("7 + 1", "#### 7", 0.0),
        ("", "#### 7", 0.0),
        ("a: no mark\n9", "#### 9", 100.0),
    ],
)
def test_only_the_end_counts(completion: str, reference: str, score: float) -> None:
    assert final_answer(completion, reference) == score


@pytest.mark.parametrize(
    ("model", "accuracy"),
    [
        ("6b_finetuning", 0.2212),
        ("6b_verification", 0.4030),
        ("175b_finetuning", 0.3409),
        ("175b_verification", 0.5621),
    ],
)
def test_every_published_flag_of_660_solutions_is_reproduced(
    shared_data: Path, model: str, accuracy: float
) -> None:
    path = shared_data / "gsm8k" / "model_solutions_0000_0659.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = [final_answer(row[model]["solution"], row["ground_truth"]) == 100.0 for row in rows]
    assert found == [row[model]["is_correct"] for row in rows]
    assert sum(found) / len(found) == pytest.approx(accuracy, abs=5e-5)
