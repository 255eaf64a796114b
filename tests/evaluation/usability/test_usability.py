"""The record of usability goes to JSON and comes back."""

import json

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.usability import (
    Band,
    ModelUsability,
    Usability,
    UsabilityFinding,
)

RATE = Score(value=40.0, low=20.0, high=62.5, count=15, failed=1)


def test_what_is_written_is_read_again() -> None:
    finding = UsabilityFinding(
        rule="repeats", outcome="not usable yet", sentence="6 of 15.", rate=RATE, rows=("a", "b")
    )
    usability = Usability(
        models={
            "tuned": ModelUsability(outcome="not usable yet", sentence="No.", findings=(finding,)),
            "base": ModelUsability(outcome="usable", sentence="Yes."),
        },
        rates={"repeats": {"tuned": RATE}},
        forms={"text": 15},
        as_good=("nearest",),
        notes=("It does as well.",),
        bands={"near": Band(count=9, scores={"tuned": RATE})},
        band_limit=0.7,
    )
    assert Usability.from_json(json.loads(json.dumps(usability.to_json()))) == usability
