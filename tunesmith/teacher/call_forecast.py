"""A plan -> how many calls it will take, and how many tokens, before the first is made.

Counted on is what good teachers do: half of the instructions are new, two of three pairs stand
up to the rules. Written tokens are the most that the replies may have.
"""

from collections.abc import Iterator
from math import ceil

from tunesmith.endpoints.call_budget import estimated_spending
from tunesmith.endpoints.ledger import Spending
from tunesmith.teacher.from_documents import NUM_PAIRS
from tunesmith.teacher.lesson import LessonPlan
from tunesmith.teacher.prompts import find_prompt
from tunesmith.teacher.self_instruct import NUM_EARLIER, NUM_SEEDS, NUM_WANTED, YIELD
from tunesmith.teacher.teacher import num_wanted

_CHECKED = 2 / 3  # of the pairs, that go to the second call
_KEPT = 1 / 2  # of the pairs asked for
_WORDS_OF_INSTANCE = 3  # seeds shown with one


def forecast_calls(plan: LessonPlan) -> Spending:
    """Calls and tokens of a whole lesson, were nothing of it in the cache."""
    total = Spending()
    for name, num_calls, num_characters in _calls(plan):
        one = _one(plan, name, num_characters)
        total = total.plus(one, times=num_calls)
    return total


def _calls(plan: LessonPlan) -> Iterator[tuple[str, int, int]]:
    """Prompt, number of calls, and characters of what it is filled with."""
    wanted = num_wanted(plan.recipe)
    match plan.recipe.task:
        case "self-instruct":
            assert wanted is not None
            seeds = plan.seeds
            asked = sum(len(one.instruction) for one in seeds) // len(seeds)
            whole = asked + sum(len(one.input) + len(one.response) for one in seeds) // len(seeds)
            requests = ceil(wanted / (NUM_WANTED * YIELD))
            yield "self-instruct/instructions", requests, asked * (NUM_SEEDS + NUM_EARLIER)
            yield "self-instruct/kinds", requests, asked * NUM_WANTED
            yield "self-instruct/instance", wanted, asked + whole * _WORDS_OF_INSTANCE
        case "documents":
            num_pairs = NUM_PAIRS * _KEPT * (1 + plan.recipe.rewordings)
            requests = len(plan.jobs)
            if wanted is not None:
                requests = min(requests, ceil(wanted / num_pairs))
            size = sum(len(job.part.text) for job in plan.jobs) // max(1, len(plan.jobs))
            checks = ceil(requests * NUM_PAIRS * _CHECKED)
            yield "documents/pairs", requests, size
            yield "documents/supported", checks, size // 2
            if plan.recipe.rewordings:
                yield "documents/rewordings", ceil(requests * NUM_PAIRS * _KEPT), size // 4
        case "improve":
            weak = [one for one, reason in plan.pairs if reason is not None]
            requests = len(weak) if wanted is None else min(wanted, len(weak))
            texts = sum(
                len(turn.content) + len(turn.input) for one in weak for turn in one.messages
            )
            yield "improve/response", requests, texts // max(1, len(weak))


def _one(plan: LessonPlan, name: str, num_characters: int) -> Spending:
    """What one call takes; a Chinese character weighs as much as its bytes."""
    recipe = plan.recipe
    prompt = find_prompt(name, recipe.language)
    letter = "x" if recipe.language == "en" else "字"
    return estimated_spending(prompt.sized(letter * num_characters, max_tokens=recipe.max_tokens))
