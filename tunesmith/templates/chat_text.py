"""A chat template's name -> its Jinja text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatText:
    """A chat template in Jinja, as transformers knows them, for any tokenizer.

    Attributes:
        name: What a recipe calls it.
        text: It reads `messages` and `add_generation_prompt`; other variables are options.
        description: What it is, in a few words, for lists.
    """

    name: str
    text: str
    description: str
