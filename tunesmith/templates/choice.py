"""What the rows of a data set look like -> the template that `auto` takes for them, and why.

A tokenizer's own chat template comes first. Where there is none, rows of several turns need a
template with turns, rows that carry a template's headers one that adds none, and plain text one
that asks nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.wrapped import waiting_lead


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """The name of a template, and why it was taken."""

    name: str
    reason: str


@dataclass(slots=True)
class RowShapes:
    """How many rows are of which shape.

    Attributes:
        rows: All of them.
        texts: Plain text, which asks nothing.
        conversations: Those of several turns.
        with_system: Those with a system message.
        leads: Questions that end as a template has them end, by how.
    """

    rows: int = 0
    texts: int = 0
    conversations: int = 0
    with_system: int = 0
    leads: Counter[str] = field(default_factory=Counter)

    def take(self, messages: Sequence[Message]) -> None:
        """Count a row."""
        self.rows += 1
        roles = [message.role for message in messages]
        self.texts += roles == ["assistant"]
        self.conversations += roles.count("user") > 1 or roles.count("assistant") > 1
        self.with_system += "system" in roles
        if lead := waiting_lead(messages):
            self.leads[lead] += 1

    def add(self, other: "RowShapes") -> None:
        """Count the rows that another counted, too."""
        self.rows += other.rows
        self.texts += other.texts
        self.conversations += other.conversations
        self.with_system += other.with_system
        self.leads.update(other.leads)


def choose_template(shapes: RowShapes, recipe: TemplateRecipe, *, has_chat: bool) -> TemplateChoice:
    """The template that `auto` stands for.

    Args:
        shapes: The rows that were kept.
        recipe: What else it says of the template; a system prompt needs a place.
        has_chat: Whether the tokenizer has a chat template of its own.
    """
    has_system = bool(shapes.with_system) or recipe.system is not None
    if shapes.texts == shapes.rows and shapes.rows and not has_system:
        return TemplateChoice(name="plain", reason="every row is plain text, which asks nothing")
    if has_chat:
        return TemplateChoice(name="chat", reason="the tokenizer has a chat template")
    if shapes.conversations:
        told = f"{shapes.conversations:,} of {shapes.rows:,} rows have several turns"
        return TemplateChoice(name="chatml", reason=told)
    if shapes.leads.total() * 2 > shapes.rows and not has_system:
        ((lead, _),) = shapes.leads.most_common(1)
        told = f"{shapes.leads.total():,} of {shapes.rows:,} questions already end in {lead!r}"
        return TemplateChoice(name="concatenate", reason=told)
    told = "the tokenizer has no chat template, and every row has one turn"
    return TemplateChoice(name="alpaca", reason=told)
