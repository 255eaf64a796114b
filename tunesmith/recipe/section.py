"""What every part of a recipe is: unknown keys, and keys without an effect, are errors."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator


class NoEffectError(ValueError):
    """Keys were written that change nothing; `reasons` says why, a key."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = {key: f"has no effect {reason}" for key, reason in reasons.items()}
        super().__init__("; ".join(f"{key} {reason}" for key, reason in self.reasons.items()))


class RecipeSection(BaseModel):
    """What all parts of a recipe share: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def without_effect(self) -> dict[str, str]:
        """Keys that change nothing beside the others, and why."""
        return {}

    @model_validator(mode="before")
    @classmethod
    def _empty_section_is_default(cls, data: Any) -> Any:
        """`training:` with every key below it commented out means the defaults."""
        if not isinstance(data, dict):
            return data
        sections = {key for key, field in cls.model_fields.items() if _is_section(field.annotation)}
        return {
            key: value for key, value in data.items() if value is not None or key not in sections
        }

    @model_validator(mode="after")
    def _every_key_has_effect(self) -> Self:
        reasons = self.without_effect()
        written = {key: reasons[key] for key in reasons if key in self.model_fields_set}
        if written:
            raise NoEffectError(written)
        return self


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, RecipeSection)
