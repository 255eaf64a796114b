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
        ("- 7", "#### 7", 100.0),
        ("Answer: - 7", "#### -7", 100.0),
        ("So 5 \\times 3 = 15 dollars each", "#### 15", 100.0),
        ("The answer is 5 km.", "#### 5", 100.0),
        ("$-\\frac{1}{2}$", "-0.5", 100.0),
        ("\\boxed{-\\frac12}", "#### -0.5", 100.0),
        ("\\boxed{1\\frac12}", "1.5", 100.0),
        ("The answer is: 12 (3 × 4).", "#### 12", 100.0),
        ("\\boxed{\\frac{\\sqrt{3}}{2}}", "$\\frac{\\sqrt3}{2}$", 100.0),
        ("#### 1,234,567", "1234567", 100.0),
        ("#### 12,34,567", "1234567", 100.0),
        ("The answer is 192.168.0.1", "192.168.0.1", 100.0),
        ("192.168.0.2", "192.168.0.1", 0.0),
        ("10:30", "A: 10:30", 100.0),
        ("1030", "A: 10:30", 0.0),
        ("The answer is 3:1", "A: 3:1", 100.0),
        ("A: 31", "A: 3:1", 0.0),
        ("1e999", "#### 5", 0.0),
        ("5 cats", "#### 5 dogs", 0.0),
        ("5 dogs", "#### 5 dogs", 100.0),
        ("5 big dogs", "#### 5 dogs", 100.0),
        ("Answer: yes", "#### Yes", 100.0),
        ("The answer is no.", "Yes", 0.0),
        ("The answer to the question is 5, since 2+3=5.", "#### 5", 100.0),
        ("Answer: 5 because 2 + 3 = 5", "#### 5", 100.0),
        ("The answer is 5/0", "#### 5", 0.0),
        ("\\boxed{5", "#### 5", 100.0),
        ("Paris has 2 million people", "Lyon has 2 million people", 0.0),
        ("5'6", "5 feet", 0.0),
        ("20 °C", "20 degrees", 100.0),
        ("20°C", "20°F", 0.0),
        ("$20^\\circ$", "20°", 100.0),
        ("５", "5", 100.0),
        ("x=5", "5", 100.0),
        ("x ≈ 3.14", "3.14", 100.0),
        ("The total is 12 eggs and 3 cups", "#### 12", 0.0),
        ("#### 1.500", "#### 1,500", 0.0),
        ("\\text{(A)}", "A", 100.0),
        ("\\boxed{\\textbf{(C)}\\ 12}", "C", 100.0),
        ("£5", "5 pounds", 100.0),
        ("2^{10}", "2^10", 100.0),
        ("A: 5 m^2", "A: 5 m²", 100.0),
        ("A: 5 m", "A: 5 m²", 0.0),
        ("The answer is 4 hours and 30 minutes", "A: 4 hours and 30 minutes", 100.0),
        ("4 hours and 20 minutes", "A: 4 hours and 30 minutes", 0.0),
        ("The answer is 30 minutes", "A: 4 hours and 30 minutes", 0.0),
        ("9" * 5000, "9" * 5000, 100.0),
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
