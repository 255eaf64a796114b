"""A test row -> how long the prompt for its last turn is, or why no model could be asked it.

Whatever would stop answering or scoring after training is found here, before it.
"""

from tunesmith.errors import DataError
from tunesmith.examples.example import Example
from tunesmith.sources.row import RowError
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.tokens.encode import encode_prompt

MISFIT, TOO_LONG, EMPTY_PROMPT = "does not fit the template", "too long", "empty prompt"


def prompt_tokens(example: Example, how: Renderer, *, context: int | None) -> int:
    """Count what a model reads before it answers the last turn; plain text asks nothing: 0.

    Args:
        example: Of the test set.
        how: Template and tokenizer.
        context: Tokens that the model reads, the answer included; None is no limit.

    Raises:
        RowError: The template refuses the prompt, nothing is left of it, or it leaves no token
            to answer with.
    """
    if example.is_text:
        return 0
    try:
        prompt = how.template.render_prompt(example.prompt)
    except DataError as error:
        raise RowError(MISFIT, str(error)) from None
    num_tokens = len(encode_prompt(prompt, how.tokenizer))
    if num_tokens == 0:
        raise RowError(EMPTY_PROMPT, "the tokenizer makes no token of the question")
    if context is not None and num_tokens >= context:
        detail = f"a prompt of {num_tokens:,} tokens; the model reads {context:,} with the answer"
        raise RowError(TOO_LONG, detail)
    return num_tokens
