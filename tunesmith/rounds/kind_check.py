"""How a program finds a kind of failure: one question of yes or no about an answer.

A check is what a person writes or accepts; how well it knows the kind is measured against what
people said (`prevalence`), never assumed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

import regex

from tunesmith.errors import DataError
from tunesmith.language.translate import message, translate

Rule = Literal["contains", "lacks", "matches", "shorter", "longer", "capitals", "sign", "metric"]
RULES: tuple[Rule, ...] = get_args(Rule)
_SECONDS = 0.5  # of a pattern on one answer
_NEEDS = {
    "contains": "a text, and no limit",
    "lacks": "a text, and no limit",
    "matches": "a pattern, and no limit",
    "sign": "a sign's name, and no limit",
    "shorter": "a share of the reference's length as its limit",
    "longer": "a share of the reference's length as its limit",
    "metric": "a metric, and the score below which it finds as its limit",
}


_WORDS = {
    "contains": message("it contains “{text}”"),
    "lacks": message("it lacks “{text}”"),
    "matches": message("it matches /{text}/"),
    "shorter": message("it is shorter than {share:.0f} % of the reference"),
    "longer": message("it is longer than {share:.0f} % of the reference"),
    "capitals": message("it is written in capitals"),
    "sign": message("the sign “{text}” was found"),
    "metric": message("its {text} is below {limit:g}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAnswer:
    """What a check looks at.

    Attributes:
        question: What was asked, all messages that the model read.
        text: The answer.
        reference: What the row says; None for a new question.
        signs: Names of the signs of unusable answers that were found in it.
        scores: By metric, 0 to 100.
    """

    question: str
    text: str
    reference: str | None = None
    signs: frozenset[str] = frozenset()
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCheck:
    """A check.

    Attributes:
        rule: How it looks.
        value: What the rule needs: a text, a pattern, a name of a sign or a metric.
        limit: A share of the reference's length (shorter, longer) or a score (metric).
        is_proposed: It was found among the labels, so that only the other half of them, which it
            was not found by, tell how good it is.
    """

    rule: Rule
    value: str = ""
    limit: float | None = None
    is_proposed: bool = False

    @classmethod
    def from_json(cls, record: object) -> Self:
        """Read `{"rule", "value", "limit"}`.

        Raises:
            DataError: It is no check, or lacks what its rule needs.
        """
        if not isinstance(record, Mapping) or record.get("rule") not in RULES:
            raise DataError(f"no rule {record!r:.80}. Known: {', '.join(RULES)}", where="check")
        rule, value, limit = record["rule"], record.get("value", ""), record.get("limit")
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        needs_limit = rule in ("shorter", "longer", "metric")
        needs_value = rule not in ("shorter", "longer", "capitals")
        if not isinstance(value, str) or (needs_value and not value) or (needs_limit != is_number):
            raise DataError(f"{rule} needs {_NEEDS.get(rule, 'no limit')}", where="check")
        if rule == "matches":
            _compiled(value)
        return cls(
            rule=rule,
            value=value,
            limit=None if limit is None else float(limit),
            is_proposed=record.get("is_proposed") is True,
        )

    def to_json(self) -> dict[str, Any]:
        """The record."""
        return {
            name: value for name, value in asdict(self).items() if value not in ("", None, False)
        }

    def words(self) -> str:
        """The check as a person reads it."""
        limit = self.limit or 0.0
        return translate(_WORDS[self.rule], text=self.value, share=100 * limit, limit=limit)

    def finds(self, answered: CheckedAnswer) -> bool | None:
        """Whether the kind is there; None where this check cannot tell."""
        text, value = answered.text, self.value
        if self.rule in ("contains", "lacks"):
            return (value.casefold() in text.casefold()) == (self.rule == "contains")
        if self.rule == "matches":
            return _matches(value, text)
        if self.rule in ("shorter", "longer"):
            return self._is_of_length(answered)
        if self.rule == "capitals":
            return text.isupper() if any(one.isalpha() for one in text) else False
        if self.rule == "sign":
            return value in answered.signs
        return self._is_below(answered)

    def _is_of_length(self, answered: CheckedAnswer) -> bool | None:
        if answered.reference is None:
            return None
        assert self.limit is not None
        length, most = len(answered.text), self.limit * len(answered.reference)
        return length < most if self.rule == "shorter" else length > most

    def _is_below(self, answered: CheckedAnswer) -> bool | None:
        score = (answered.scores or {}).get(self.value)
        return None if score is None or self.limit is None else score < self.limit


def _compiled(pattern: str) -> Any:
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise DataError(f"no pattern: {error}", where="check") from None


def _matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern is found; None where it takes too long to say."""
    try:
        return _compiled(pattern).search(text, timeout=_SECONDS) is not None
    except TimeoutError:
        return None
