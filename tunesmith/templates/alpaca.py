r"""An instruction with or without input -> Stanford Alpaca's prompt, byte for byte.

The two forms are `PROMPT_DICT` of `tatsu-lab/stanford_alpaca`, `train.py`; the response
follows `### Response:` directly. A system message takes the place of the opening sentence,
which is Alpaca's own system prompt.
"""

from collections.abc import Sequence

from tunesmith.templates.text_template import TextLayout, jinja_literal

_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides "
    "further context. Write a response that appropriately completes the request."
)
_WITHOUT_INPUT = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)
_INSTRUCTION = "\n\n### Instruction:\n"
_INPUT = "\n\n### Input:\n"
_RESPONSE = "\n\n### Response:"


def lay_out(system: str | None, instruction: str, input_text: str) -> Sequence[tuple[str, bool]]:
    """The prompt as (text, is content) pairs."""
    opening = _WITH_INPUT if input_text else _WITHOUT_INPUT
    pieces = [
        (opening, False) if system is None else (system, True),
        (_INSTRUCTION, False),
        (instruction, True),
    ]
    if input_text:
        pieces += [(_INPUT, False), (input_text, True)]
    return [*pieces, (_RESPONSE, False)]


LAYOUT = TextLayout(
    name="alpaca",
    lay_out=lay_out,
    jinja=(
        f"({jinja_literal(_WITHOUT_INPUT)} if system is none else system)"
        f" + {jinja_literal(_INSTRUCTION)} + instruction + {jinja_literal(_RESPONSE)}"
    ),
    markers=("### Instruction:", "### Input:", "### Response:"),
    has_system=True,
    description="Stanford Alpaca's headers: an instruction, perhaps an input, a response",
)
