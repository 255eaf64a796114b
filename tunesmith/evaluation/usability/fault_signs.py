"""An answered row -> what makes the answer unusable, each sign by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.evaluation.usability.copies import copies_prompt, copies_training
from tunesmith.evaluation.usability.endings import does_not_end, says_nothing
from tunesmith.evaluation.usability.expected import Expected
from tunesmith.evaluation.usability.forms import other_form
from tunesmith.evaluation.usability.languages import other_language
from tunesmith.evaluation.usability.loops import repeats
from tunesmith.evaluation.usability.template_text import carries_template
from tunesmith.language.translate import message


@dataclass(frozen=True, slots=True)
class FaultSign:
    """What can be wrong with an answer, as is said of one and of several."""

    one: str
    several: str


SIGNS: Mapping[str, FaultSign] = {
    "unfinished": FaultSign(message("does not end"), message("do not end")),
    "empty": FaultSign(message("says nothing"), message("say nothing")),
    "repeats": FaultSign(message("repeats itself"), message("repeat themselves")),
    "copies_prompt": FaultSign(message("copies the question"), message("copy the question")),
    "copies_training": FaultSign(
        message("copies another answer"), message("copy another training answer")
    ),
    "other_language": FaultSign(
        message("is in another language"), message("are in another language")
    ),
    "other_form": FaultSign(
        message("has another form than its reference"),
        message("have another form than references"),
    ),
    "template_text": FaultSign(
        message("carries text of a template"), message("carry text of a template")
    ),
}


def signs_of(
    row: AnsweredRow, expected: Expected, *, markers: Sequence[str] = ()
) -> dict[str, str]:
    """The signs that an answer shows, each with what was found."""
    looks: dict[str, Callable[[], str | None]] = {
        "unfinished": lambda: does_not_end(row),
        "empty": lambda: says_nothing(row),
        "repeats": lambda: repeats(row),
        "copies_prompt": lambda: copies_prompt(row),
        "copies_training": lambda: copies_training(row, expected),
        "other_language": lambda: other_language(row, expected.languages),
        "other_form": lambda: other_form(row, expected),
        "template_text": lambda: carries_template(row, markers),
    }
    found = {name: look() for name, look in looks.items()}
    return {name: told for name, told in found.items() if told is not None}
