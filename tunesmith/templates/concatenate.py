"""A question and its answer -> both, with nothing between.

For data that already carries its headers. An input stands below its question, with a blank
line between. There is no place for a system prompt.
"""

from collections.abc import Sequence

from tunesmith.templates.text_template import TextLayout


def lay_out(system: str | None, instruction: str, input_text: str) -> Sequence[tuple[str, bool]]:
    """The prompt as (text, is content) pairs."""
    assert system is None
    below = [("\n\n", False), (input_text, True)] if input_text else []
    return [(instruction, True), *below]


LAYOUT = TextLayout(
    name="concatenate",
    lay_out=lay_out,
    jinja="instruction",
    markers=(),
    has_system=False,
    description="question and answer with nothing between, for rows that carry their headers",
)
