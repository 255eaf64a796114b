"""Test rows and answers -> what a judge is asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.examples.example import Message, last_user_text


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuestion:
    """A question with its reference: what answers are judged against."""

    example_id: str
    question: str
    reference: str

    @property
    def texts(self) -> Mapping[str, str]:
        """As the judge sees them."""
        return {"question": self.question, "reference": self.reference}


def question_text(messages: Sequence[Message]) -> str:
    """What was asked, as one text; a conversation with its roles."""
    if [message.role for message in messages] == ["user"]:
        return last_user_text(messages)
    return "\n\n".join(f"{m.role}: {last_user_text([m]) or m.content}" for m in messages)
