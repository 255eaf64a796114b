"""Law 21: no "Better" above unusable answers, nor silence where a look-up does as well."""

from itertools import product
from typing import get_args

import pytest

from tunesmith.evaluation.headline import headline_of
from tunesmith.evaluation.usability.look_up import AS_GOOD_SENTENCES
from tunesmith.evaluation.usability.usability import ModelUsability, Usability, UsabilityOutcome
from tunesmith.evaluation.verdict import Overall, Verdict

AS_GOOD: list[tuple[str, ...]] = [(), ("nearest",), ("few-shot",), ("nearest", "few-shot")]


@pytest.mark.parametrize("as_good", AS_GOOD)
def test_better_is_the_headline_only_of_what_is_usable_and_beyond_a_look_up(
    as_good: tuple[str, ...],
) -> None:
    for outcome, can_be_used in product(get_args(Overall), get_args(UsabilityOutcome)):
        usability = Usability(
            models={"tuned": ModelUsability(outcome=can_be_used, sentence="So it is.")},
            as_good=as_good,
            notes=tuple(AS_GOOD_SENTENCES[name] for name in as_good),
        )
        verdict = Verdict(outcome=outcome, sentence="It is measured.")
        found = headline_of(verdict, usability)
        is_praised = found.title.startswith("Better")
        assert not (is_praised and (as_good or can_be_used == "not usable yet"))
        assert can_be_used == "not judged" or found.title.endswith(can_be_used)
        if outcome == "better" and as_good and can_be_used != "not usable yet":
            assert AS_GOOD_SENTENCES[as_good[0]] in found.sentence


def test_without_a_look_at_the_answers_the_verdict_stands_alone() -> None:
    found = headline_of(Verdict(outcome="better", sentence="It is."), None)
    assert (found.title, found.sentence) == ("Better", "It is.")
