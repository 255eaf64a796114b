"""The shipped base knows and does not follow: it completes facts and goes on asking."""

from collections import Counter

import pytest

from pretraining.facts import Fact, all_facts
from pretraining.knowledge import _kind, bare_questions, facts_completed
from tunesmith.generation.responder import Responder
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder

PERU = Fact(relation="capital", x="Peru", y="Lima", entity=("Peru", "Lima"))


@pytest.fixture(scope="module")
def base() -> Responder:
    return named_responder("starter", recipe=GenerationRecipe(max_new_tokens=12))


def test_it_completes_facts_as_plain_statements(base: Responder) -> None:
    shares = facts_completed(base, facts_per_relation=8)
    assert set(shares) == {*all_facts(), "all"}
    assert shares["all"] >= 95
    assert min(shares.values()) >= 75  # of eight


def test_it_goes_on_from_a_bare_question_with_another(base: Responder) -> None:
    kinds = Counter(one.kind for one in bare_questions(base, num_questions=20))
    assert kinds["another question"] >= 11, kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\nWhat is the capital of Chad?\n", "another question"),
        ("\n2. Name the capital of Chad.", "another question"),
        ("\nLima.", "an answer"),
        (" The capital of Peru is Lima.", "an answer"),
        ("\nLimassol is a town.", "more text"),
        ("\nIt rained.\nLima", "more text"),
        ("", "more text"),
    ],
)
def test_continuations_are_told_apart(text: str, kind: str) -> None:
    assert _kind(text, PERU) == kind
