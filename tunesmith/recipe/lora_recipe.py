"""The part of a recipe that tunes an adapter instead of all weights."""

from typing import Literal

from pydantic import Field

from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.values import Positive


class LoraRecipe(RecipeSection):
    """A low-rank adapter instead of all weights."""

    rank: Positive = Field(8, description="width of the adapter's matrices")
    alpha: float = Field(16.0, gt=0, description="the adapter's output is scaled by alpha / rank")
    targets: str | list[str] = Field(
        "all-linear", min_length=1, description="modules that get an adapter: all-linear or names"
    )
    use_rslora: bool = Field(False, description="scale by alpha / root of rank (rsLoRA)")
    use_dora: bool = Field(False, description="train the matrices' lengths beside it (DoRA)")
    modules_to_save: list[str] | None = Field(
        None, min_length=1, description="modules that are trained whole, e.g. lm_head"
    )
    quantize: Literal["nf4"] | None = Field(
        None, description="nf4: frozen matrices in four bits (QLoRA), by bitsandbytes"
    )


class LoraMethod(RecipeSection):
    """`method: {lora: {...}}`."""

    lora: LoraRecipe = Field(default_factory=LoraRecipe, description="the adapter's settings")
