"""Twenty rounds of noise on one test set -> how often "better" is said of any of them.

    python bench/looks.py            (two minutes)

Each round is a tuning that changes nothing: its answers are as good as the base model's on each
row, up to chance. Every round is looked at. Told is the share of trials in which at least one
round's verdict was "better": by each round's own verdict, by Holm's method over the rounds that
had been seen by then, and by the verdict that runs get. A true gain beside shows what that costs.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.score import SIGNIFICANCE, Column, compare_columns
from tunesmith.rounds.look_levels import look_standing, verdict_after_looks
from tunesmith.rounds.look_log import HeldOut, Look

Draw = Callable[[np.random.Generator, np.ndarray], np.ndarray]
TEST = HeldOut(hash="0" * 16, num_rows=1, sample=("0",))


def shares(rng: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """Scores like those of chrF: between 0 and 100, around what the row is worth."""
    return 100 * np.clip(chances + 0.25 * rng.standard_normal(len(chances)), 0, 1)


def hits(rng: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """Scores like those of exact match."""
    return 100.0 * (rng.random(len(chances)) < chances)


DRAWS: dict[str, Draw] = {"exact_match": hits, "chrf": shares}


def compared(metric: str, base: np.ndarray, tuned: np.ndarray) -> Comparison:
    """The comparison of two models, as scoring makes it."""
    columns = {}
    for name, scores in (("base", base), ("tuned", tuned)):
        column = columns[name] = Column()
        for place, score in enumerate(scores.tolist()):
            column.ids[f"{place}"] = place
            column.scores.append(score)
            column.weights.append(1.0)
    return compare_columns(columns, metric=metric, first="base", second="tuned")


def round_of(number: int, comparison: Comparison) -> Look:
    """The look at one round."""
    return Look(
        time="",
        who="",
        command="run",
        run=f"{number}",
        test=TEST,
        scores={comparison.metric: ("base", "tuned")},
        comparisons=(comparison,),
        choice=f"{number}",
    )


def told_better(comparisons: Sequence[Comparison]) -> dict[str, list[int]]:
    """The rounds that are called better when they are seen, by each way of judging."""
    found: dict[str, list[int]] = {"alone": [], "Holm": [], "runs": []}
    looks: list[Look] = []
    for number, one in enumerate(comparisons):
        standing = look_standing(looks, f"{number}", [one])
        outcome = verdict_after_looks([one], standing).outcome
        looks.append(round_of(number, one))
        if one.verdict != "better":
            continue
        found["alone"].append(number)
        if holm([c.p_value or 0.0 for c in comparisons[: number + 1]]) < SIGNIFICANCE:
            found["Holm"].append(number)
        if outcome == "better":
            found["runs"].append(number)
    return found


def holm(p_values: Sequence[float]) -> float:
    """The last p-value, corrected by Holm's method over all."""
    worst = 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        worst = max(worst, p_values[place] * (len(p_values) - rank))
        if place == len(p_values) - 1:
            break
    return min(1.0, worst)


def trial(rng: np.random.Generator, metric: str, num_rows: int, rounds: int) -> dict[str, list]:
    """One person who tunes again and again to no effect."""
    chances = rng.random(num_rows)
    base = DRAWS[metric](rng, chances)
    return told_better([compared(metric, base, DRAWS[metric](rng, chances)) for _ in range(rounds)])


def gain(rng: np.random.Generator, metric: str, num_rows: int, step: float) -> dict[str, list]:
    """One whose seventh round is the first that brings something."""
    chances = rng.random(num_rows)
    base = DRAWS[metric](rng, chances)
    worth = [chances] * 6 + [np.clip(chances + step, 0, 1)]
    return told_better([compared(metric, base, DRAWS[metric](rng, one)) for one in worth])


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"{given.trials} trials of {given.rounds} rounds; 'better' said at least once, in %")
    for metric in DRAWS:
        for num_rows in (40, 150):
            said = Counter[str]()
            for _ in range(given.trials):
                found = trial(rng, metric, num_rows, given.rounds)
                said.update(way for way, rounds in found.items() if rounds)
            report(f"{metric:<12} {num_rows:>4} rows", said, given.trials)
    print("a gain of 15 points in the seventh round alone is seen, in %")
    for metric in DRAWS:
        said = Counter[str]()
        for _ in range(given.trials // 2):
            found = gain(rng, metric, 150, 0.15)
            said.update(way for way, rounds in found.items() if 6 in rounds)
        report(f"{metric:<12}  150 rows", said, given.trials // 2)


def report(name: str, said: Counter[str], trials: int) -> None:
    """Print one line."""
    print(name, *(f"{way} {100 * said[way] / trials:5.1f}" for way in ("alone", "Holm", "runs")))


if __name__ == "__main__":
    main()
