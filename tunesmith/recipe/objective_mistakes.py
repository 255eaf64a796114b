"""Keys of a recipe that its training's objective has no use for -> what is said of them."""

from collections.abc import Collection, Iterable


def objective_mistake(
    objective: str, *, train_on: str, fields: Iterable[Collection[str]]
) -> str | None:
    """The first mistake, in words; None where there is none.

    Args:
        objective: supervised, or dpo.
        train_on: Of the template.
        fields: Of each source.
    """
    if objective == "dpo":
        unused = "template.train_on: all has no effect under training.objective: dpo, which "
        return f"{unused}compares answers; leave it out" if train_on == "all" else None
    for index, named in enumerate(fields):
        if "rejected" in named:
            return f"sources.{index}.fields.rejected has no effect without training.objective: dpo"
    return None
