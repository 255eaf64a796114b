"""A kind of failure, and how it is found or called from now on -> a line of the review.

Apart from what lets a model answer: nothing here loads one.
"""

from tunesmith.errors import RecipeError
from tunesmith.rounds.kind_check import RULES, KindCheck
from tunesmith.rounds.proposed_check import proposed_check
from tunesmith.stages.reviewing.kind_report import labels_of
from tunesmith.stages.reviewing.review_desk import ReviewDesk

_ACCEPT = "accept"
_WITH_LIMIT = {"shorter", "longer"}


def change_kind(
    desk: ReviewDesk, kind: str | None, *, check: str | None = None, into: str | None = None
) -> None:
    """Say how a kind is found, or call it otherwise.

    Args:
        desk: Where it is written down.
        kind: The kind; one that is renamed has to be there.
        check: As `written_check` reads it; `accept` takes the proposed one.
        into: The other name; the two become one where it is there already.

    Raises:
        RecipeError: No kind is named, there is nothing to change, or nothing is proposed.
        DataError: The name or the check is none.
    """
    if not kind or not (check or into):
        cure = "For example: --kind 'no greeting' --check lacks:hello"
        raise RecipeError("a kind goes with a check or a new name", where="--kind", cure=cure)
    if check:
        known = desk.book.kinds.get(kind)
        found = _proposed(desk, kind) if check == _ACCEPT else written_check(check)
        meaning = known.meaning if known else ""
        desk.book.add_kind(kind, meaning=meaning, check=found, author=desk.author)
    if into:
        desk.book.rename(kind, into, author=desk.author)


def _proposed(desk: ReviewDesk, kind: str) -> KindCheck:
    found = proposed_check(labels_of(desk, kind))
    if found is None:
        cure = "Review more answers, or write one: --check lacks:hello"
        raise RecipeError("no check tells this kind from the rest", where=kind, cure=cure)
    return found


def written_check(text: str) -> KindCheck:
    """A check as it is typed: `lacks:please`, `shorter:0.5`, `capitals`, `metric:chrf<30`.

    Raises:
        RecipeError: The rule is unknown.
        DataError: The rule needs something else.
    """
    rule, _, value = text.strip().partition(":")
    if rule not in RULES:
        cure = f"Write RULE:VALUE with one of {', '.join(RULES)}; such as lacks:please."
        raise RecipeError(f"no rule {rule!r}", where="--check", cure=cure)
    limit: str | None = None
    if rule in _WITH_LIMIT:
        value, limit = "", value
    elif rule == "metric":
        value, _, limit = value.partition("<")
    number = None if limit is None else _number(limit)
    return KindCheck.from_json({"rule": rule, "value": value, "limit": number})


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RecipeError(f"{text!r} is no number", where="--check") from None
