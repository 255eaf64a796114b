r"""A question -> `### Question:` and `### Answer:`, as the Lamini data sets write them.

The answer follows `### Answer:` directly, without a space or line break, as in the data
that carries these headers itself; so both give the same text. A system message stands
above, with a blank line between. An input stands below its question, likewise.
"""

from collections.abc import Sequence

from tunesmith.templates.text_template import TextLayout, jinja_literal

_QUESTION = "### Question:\n"
_ANSWER = "\n\n### Answer:"
_BLANK_LINE = "\n\n"


def lay_out(system: str | None, instruction: str, input_text: str) -> Sequence[tuple[str, bool]]:
    """The prompt as (text, is content) pairs."""
    above = [] if system is None else [(system, True), (_BLANK_LINE, False)]
    below = [(_BLANK_LINE, False), (input_text, True)] if input_text else []
    return [*above, (_QUESTION, False), (instruction, True), *below, (_ANSWER, False)]


LAYOUT = TextLayout(
    name="question-answer",
    lay_out=lay_out,
    jinja=(
        f"('' if system is none else system + {jinja_literal(_BLANK_LINE)})"
        f" + {jinja_literal(_QUESTION)} + instruction + {jinja_literal(_ANSWER)}"
    ),
    markers=("### Question:", "### Answer:"),
    has_system=True,
    description="### Question: and ### Answer:, as the Lamini data sets write them",
)
