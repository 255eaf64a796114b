"""What a teacher wrote, piece by piece -> how much is accepted, by reason; or why to stop.

A share too low is no bad luck but a wrong model, a wrong language, refusals or a format that
cannot be read. Going on would spend money and end in an empty set, so the teacher is stopped
with a diagnosis; every call stays in the cache.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunesmith.endpoints.uncached_calls import BUDGET_SPENT, GIVEN_UP
from tunesmith.errors import DataError, RemoteError, TunesmithError
from tunesmith.examples.example import Example
from tunesmith.examples.language import WRONG_LANGUAGE
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Dropped
from tunesmith.teacher.avoided import IN_TEST_SET
from tunesmith.teacher.filters import CUT, LOOP, NO_INSTRUCTION, REFUSED
from tunesmith.teacher.from_documents import NOTHING, SAID_NO
from tunesmith.teacher.parse import UNREADABLE
from tunesmith.teacher.self_instruct import TOO_SIMILAR
from tunesmith.teacher.support import NOT_IN_SECTION, NOT_SUPPORTED
from tunesmith.teacher.teacher import NO_REPLY, ImprovedPair, Taught

_NUM_SHOWN = 3
# What each reason says of the teacher, and what helps.
_DIAGNOSES: Mapping[str, tuple[str, str]] = {
    UNREADABLE: (
        "the replies are not in the form that was asked for, as of a model that is too small or "
        "was never tuned to follow instructions",
        "Name a larger or an instruction-tuned model.",
    ),
    CUT: (
        "the replies are cut off before they end",
        "Raise the teacher's max_tokens; or, of a model that never stops, name another.",
    ),
    REFUSED: (
        "the model refuses",
        "Name another model, or look at the seeds or documents: the refused list shows to what.",
    ),
    WRONG_LANGUAGE: (
        "the model writes another language",
        "Set the teacher's language, or name a model that writes it.",
    ),
    TOO_SIMILAR: (
        "the model repeats its examples and itself",
        "Raise the temperature, give more and more varied seeds, or name a larger model.",
    ),
    NOT_IN_SECTION: (
        "the model does not quote the documents but makes its passages up",
        "Name a larger model, or lower the temperature.",
    ),
    NOT_SUPPORTED: (
        "the model answers from what it knows and not from the documents",
        "Name a larger model, or lower the temperature.",
    ),
    SAID_NO: (
        "the second call finds most answers unsupported",
        "Name a larger model, or lower the temperature.",
    ),
    NOTHING: (
        "the model finds nothing to ask in most parts",
        "Look at the documents: they may hold tables of links and little text.",
    ),
    NO_INSTRUCTION: (
        "what the model writes is talk and no instructions",
        "Name an instruction-tuned model.",
    ),
    LOOP: ("the model repeats itself", "Raise the temperature, or name another model."),
    IN_TEST_SET: (
        "the model writes what stands in the test set already",
        "Leave the test set out of its seeds and documents.",
    ),
}


@dataclass(slots=True)
class Acceptance:
    """What was accepted and refused while a teacher writes."""

    num_accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[Dropped]] = field(default_factory=dict)

    def add(self, item: Taught) -> None:
        """Count one item; pairs that only pass do not count."""
        if isinstance(item, Example | ImprovedPair):
            self.num_accepted += 1
        elif isinstance(item, Dropped):
            self.refused[item.reason] += 1
            shown = self.first.setdefault(item.reason, [])
            if len(shown) < _NUM_SHOWN:
                shown.append(item)

    @property
    def num_judged(self) -> int:
        """Everything that was accepted or refused."""
        return self.num_accepted + self.refused.total()

    @property
    def rate(self) -> float:
        """The accepted share; 1 before the first."""
        return self.num_accepted / self.num_judged if self.num_judged else 1.0

    def to_json(self) -> dict[str, Any]:
        """The counts as a result shows them."""
        return {
            "accepted": self.num_accepted,
            "judged": self.num_judged,
            "rate": round(self.rate, 4),
            "refused": dict(self.refused.most_common()),
        }

    def words(self) -> str:
        """The counts in a sentence, for whoever watches."""
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.refused.most_common(6))
        listed = f"; refused: {reasons}" if reasons else ""
        return f"{self.num_accepted:,} of {self.num_judged:,} accepted ({self.rate:.0%}){listed}"

    @property
    def is_given_up(self) -> bool:
        """Whether the service failed so often in a row that no more calls are made."""
        return f"{NO_REPLY}: {GIVEN_UP}" in self.refused

    @property
    def is_budget_spent(self) -> bool:
        """Whether a call was not made for the budget's sake."""
        return f"{NO_REPLY}: {BUDGET_SPENT}" in self.refused

    def fault(self, recipe: TeacherRecipe, *, is_end: bool = False) -> TunesmithError | None:
        """Why to stop; None where the teacher does well enough.

        Args:
            recipe: How low the rate may be, and from how many answers on it counts.
            is_end: Whether nothing more comes; then no pair at all is a fault too.
        """
        if self.is_given_up:
            return self._diagnosis(recipe)
        is_late = self.num_judged >= recipe.patience
        is_empty = is_end and not self.num_accepted and self.num_judged > 0
        if not is_empty and not (is_late and self.rate < recipe.min_accepted):
            return None
        return self._diagnosis(recipe)

    def _diagnosis(self, recipe: TeacherRecipe) -> TunesmithError:
        failed = sum(n for reason, n in self.refused.items() if reason.startswith(NO_REPLY))
        shown = "".join(
            f"\n  {reason} ({count:,}): {item.detail} {excerpt(item.text)!r}"
            for reason, count in self.refused.most_common(_NUM_SHOWN)
            for item in self.first[reason][:1]
        )
        counted = (
            f"{self.num_accepted:,} of {self.num_judged:,} answers were accepted "
            f"({self.rate:.0%}; the teacher's min_accepted is {recipe.min_accepted:.0%})"
        )
        if self.is_given_up or 2 * failed >= self.refused.total():
            return RemoteError(
                f"{counted}; calls brought no reply:{shown}\n",
                cure="Look whether the server is up and knows the model (--check), then run the "
                "same command again: what was answered is not asked again.",
            )
        reason = self._main_reason()
        says, cure = _DIAGNOSES.get(reason, (f"most are refused for: {reason}", ""))
        return DataError(
            f"{counted}: {says}:{shown}\n",
            cure=f"{cure} What was answered is in the cache and costs nothing again.".strip(),
        )

    def _main_reason(self) -> str:
        """The commonest reason but failures."""
        listed = (
            reason for reason, _ in self.refused.most_common() if not reason.startswith(NO_REPLY)
        )
        return next(listed)
