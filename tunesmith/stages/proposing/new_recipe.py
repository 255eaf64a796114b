"""The places of data -> a recipe on disk or on stdout, and what was seen while it was written."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.examples.conversion.prompt_headers import shared_template
from tunesmith.files import write_text
from tunesmith.recipe.commented import SCHEMA_PATH, commented_recipe
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.preview import preview_pieces
from tunesmith.stages.proposing.asked import Asker
from tunesmith.stages.proposing.recipe_proposal import RecipeProposal, propose_recipe
from tunesmith.stages.results.prepared import PreviewRow

_STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipe:
    """A recipe that was written; `proposal` is None where there was no data to look at."""

    file: Path
    proposal: RecipeProposal | None

    def previews(self, progress: Progress) -> Iterator[Iterator[PreviewRow | Dropped]]:
        """The rows of each source as the model would read them."""
        sources = [one.sample_recipe() for one in self.proposal.sources] if self.proposal else []
        for one in shared_template(sources, is_wrapping=True):
            recipe = Recipe(sources=[one])
            yield preview_pieces(recipe, Path(), progress=SilentProgress())

    def in_short(self) -> dict[str, Any]:
        """What a person is told in the end."""
        following = f"tunesmith run {self.file}"
        if self.proposal is not None and ("model", "name") in self.proposal.keys:
            following = f"name a model that reads longer texts in {self.file}, then {following}"
        return {"recipe": str(self.file), "next": following}

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `tunesmith init --json`."""
        record = self.in_short()
        if self.proposal is not None:
            record["sources"] = [one.to_json() for one in self.proposal.sources]
            record["template"] = self.proposal.template.name
        return record


def write_recipe_for(
    places: Sequence[Mapping[str, str]],
    file: Path,
    *,
    ask: Asker | None,
    progress: Progress,
) -> NewRecipe:
    """Look at the data and write a recipe for it; without data, one to start from.

    Args:
        places: `path` or `hub` of each source.
        file: The recipe to write; `-` is stdout.
        ask: Who answers what the data leaves open; None: nobody.
        progress: Told what each source was taken for.

    Raises:
        TunesmithError: A source cannot be read, or holds no example.
    """
    proposal = propose_recipe(places, ask=ask, progress=progress) if places else None
    is_printed = str(file) == _STDOUT
    name = "recipe.yaml" if is_printed else str(file)
    schema = None if is_printed else SCHEMA_PATH.as_uri()
    if proposal is None:
        text = commented_recipe(name=name, schema=schema)
    else:
        folder = Path() if is_printed else file.parent
        text = proposal.write(name=name, folder=folder, schema=schema)
    if is_printed:
        sys.stdout.write(text)
    else:
        write_text(file, text)
    return NewRecipe(file=file, proposal=proposal)
