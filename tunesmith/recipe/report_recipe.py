"""How a run's report is written, as a section of the recipe."""

from typing import Literal

from pydantic import Field

from tunesmith.recipe.section import RecipeSection

ReportLanguage = Literal["en", "zh"]


class ReportRecipe(RecipeSection):
    """What people read of a run."""

    language: ReportLanguage = Field(
        "en", description="of report.html, report.md and the last lines of run: English or Chinese"
    )
