"""Files, folders and Hub data sets -> a recipe that reads them, each choice with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.recipe.commented import Choice, commented_recipe
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.proposing.asked import Asker
from tunesmith.stages.proposing.source_proposal import SourceProposal, propose_source, use_by_names
from tunesmith.templates.choice import RowShapes, TemplateChoice, choose_template

_WANTED_TESTS = 30  # a verdict on fewer rows says little
_MOST_TESTED = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeProposal:
    """What a recipe for some sources should say.

    Attributes:
        sources: Each with what was seen of it.
        template: What `auto` comes to for their rows.
        split: Shares of validation and test; None: the defaults are right.
    """

    sources: tuple[SourceProposal, ...]
    template: TemplateChoice
    split: tuple[float, float] | None

    def write(self, *, name: str, folder: Path, schema: str | None = None) -> str:
        """The recipe as text.

        Args:
            name: Of its file.
            folder: Where it will lie; the paths in it are seen from there.
            schema: Where the JSON Schema lies.
        """
        words = f"here {self.template.name}: {self.template.reason}"
        chosen: dict[tuple[str, ...], Choice] = {
            ("template", "name"): Choice(value="auto", why=words)
        }
        if self.split is not None:
            validation, test = self.split
            why = f"of some {self._num_groups()} examples, so that there are enough to judge by"
            chosen["examples", "split", "validation"] = Choice(value=validation)
            chosen["examples", "split", "test"] = Choice(value=test, why=why)
        drafts = [one.draft(folder) for one in self.sources]
        return commented_recipe(name=name, schema=schema, sources=drafts, chosen=chosen)

    def _num_groups(self) -> int:
        return sum(len(one.sample.groups) for one in self.sources)


def propose_recipe(
    places: Sequence[Mapping[str, str]], *, ask: Asker | None, progress: Progress
) -> RecipeProposal:
    """Look at each source and say what it was taken for.

    Args:
        places: `path` or `hub` of each.
        ask: Who answers questions; None: the likeliest answers are taken, and marked.
        progress: Told what was found.

    Raises:
        TunesmithError: A source cannot be read, or holds no example.
    """
    proposals = []
    for place in places:
        proposals.append(propose_source(place, ask))
        for sentence in _told(proposals[-1]):
            progress.note(sentence)
    use_by_names(proposals)
    shapes = RowShapes()
    for one in proposals:
        shapes.add(one.sample.shapes)
    template = choose_template(shapes, TemplateRecipe(), has_chat=False)
    return RecipeProposal(sources=tuple(proposals), template=template, split=_split(proposals))


def _told(one: SourceProposal) -> list[str]:
    """What a person should know of a source."""
    sample = one.sample
    more = (
        "" if sample.is_whole else f" of the first {sample.kept + sample.dropped.total():,} pieces"
    )
    dropped = ", ".join(f"{count:,} {why}" for why, count in sample.dropped.most_common())
    rest = f"; dropped: {dropped}" if dropped else ""
    told = [
        f"{one.name} is read as {one.read_as.kind}: {one.read_as.reason}",
        f"{one.name}: {sample.kept:,} examples{more}{rest}",
    ]
    return told + [f"{one.name}: {sentence}" for sentence in one.marked]


def _split(proposals: Sequence[SourceProposal]) -> tuple[float, float] | None:
    """Shares of validation and test for few examples, and beside files of their own."""
    used = {one.values.get("use_as") for one in proposals}
    drawn = [one for one in proposals if "use_as" not in one.values]
    total = sum(len(one.sample.groups) for one in proposals)
    if not all(one.sample.is_whole for one in proposals):
        return None if not used & {"test", "validation"} else _beside(used, 0.05, 0.1)
    if total >= _WANTED_TESTS * 10 and not used & {"test", "validation"}:
        return None
    test = min(_MOST_TESTED, max(0.1, round(_WANTED_TESTS / max(total, 1), 2)))
    validation = 0.05 if total >= 100 else 0.1
    if total < 3:
        validation = 0.0
    if total < 2 or not drawn:
        test = 0.0
    return _beside(used, validation, test)


def _beside(used: set[object], validation: float, test: float) -> tuple[float, float]:
    """No share of what a file of its own holds."""
    return (0.0 if "validation" in used else validation, 0.0 if "test" in used else test)
