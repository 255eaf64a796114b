"""A model's name or place -> a Responder: weights, tokenizer and template, ready to answer."""

from tunesmith.generation.responder import Responder
from tunesmith.models.forward import choose_layout
from tunesmith.models.load import ModelPlace, find_model, load_network, to_device
from tunesmith.recipe.recipe import GenerationRecipe, Recipe, TrainingRecipe
from tunesmith.stages.responders.kept_stops import stops_of
from tunesmith.stages.responders.renderer import Renderer, model_renderer
from tunesmith.training.engine import choose_engine, kept_randomness, seed_everything


def load_responder(
    renderer: Renderer,
    *,
    name: str,
    recipe: GenerationRecipe,
    training: TrainingRecipe | None = None,
    has_random_weights: bool = False,
) -> Responder:
    """Load a model's weights.

    Args:
        renderer: Where it lies, and how it is asked.
        name: What its completions are filed under.
        recipe: Length, temperature, batch size.
        training: Names the device and the seed; None is the best device here.
        has_random_weights: Draw the weights instead of loading them, from the training's
            seed: the base of a training that started from nothing.
    """
    training = training or TrainingRecipe()
    with kept_randomness():
        seed_everything(training.seed, 0)
        network = load_network(renderer.place, has_random_weights=has_random_weights)
    device = choose_engine(training).device
    return Responder(
        name=name,
        model=choose_layout(to_device(network, device)),
        tokenizer=renderer.tokenizer,
        template=renderer.template,
        recipe=recipe,
        stops=stops_of(recipe, renderer.place),
    )


def named_responder(name: str, *, recipe: GenerationRecipe) -> Responder:
    """A model by the name a user gives: starter, a run, a folder, a Hub id."""
    return load_responder(model_renderer(find_model(name)), name=name, recipe=recipe)


def base_responder(recipe: Recipe, renderer: Renderer) -> Responder:
    """The model a run started from, asked as the tuned one is."""
    return load_responder(
        renderer,
        name="base",
        recipe=recipe.generation,
        training=recipe.training,
        has_random_weights=recipe.model.weights == "random",
    )


def tuned_responder(recipe: Recipe, renderer: Renderer, place: ModelPlace) -> Responder:
    """The model a run made."""
    tuned = Renderer(place=place, tokenizer=renderer.tokenizer, template=renderer.template)
    return load_responder(tuned, name="tuned", recipe=recipe.generation, training=recipe.training)
