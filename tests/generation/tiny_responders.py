"""Responders over tiny models, without files."""

from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.generation.responder import Responder
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe, TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.tokens.tokenizer import wrap_tokenizer


def gpt2_responder(context: int, recipe: GenerationRecipe, *, template: str) -> Responder:
    """A GPT-2 that cannot look up a position behind its context."""
    register()
    network = tiny_network("gpt2", n_positions=context)
    for parameter in network.parameters():
        parameter.data *= 3.0  # spreads the logits of an untrained model
    tokenizer = wrap_tokenizer(byte_tokenizer(), name="bytes")
    return Responder(
        name="tiny",
        model=choose_layout(network),
        tokenizer=tokenizer,
        template=find_template(TemplateRecipe(name=template), tokenizer.texts),
        recipe=recipe,
    )
