"""Files, folders and Hub data sets -> a recipe that reads them, each choice with its reason."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.recipe.commented import Choice, commented_recipe
from tunesmith.recipe.recipe import ExamplesRecipe, TemplateRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import explain_source
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.proposing.asked import Asker
from tunesmith.stages.proposing.rehearsal import Keys, rehearse
from tunesmith.stages.proposing.source_proposal import SourceProposal, propose_source, use_by_names
from tunesmith.templates.choice import RowShapes, TemplateChoice, choose_template

_WANTED_TESTS = 30  # a verdict on fewer rows says little
_MOST_TESTED = 0.3
_CONTINUES = (
    "a model learns to continue such text, as in pretraining: this is no instruction tuning, and "
    "teaches no answers"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeProposal:
    """What a recipe for some sources should say.

    Attributes:
        sources: Each with what was seen of it.
        template: What `auto` comes to for their rows.
        keys: What else the recipe has to say, with the reasons.
    """

    sources: tuple[SourceProposal, ...]
    template: TemplateChoice
    keys: Keys

    def write(self, *, name: str, folder: Path, schema: str | None = None) -> str:
        """The recipe as text.

        Args:
            name: Of its file.
            folder: Where it will lie; the paths in it are seen from there.
            schema: Where the JSON Schema lies.
        """
        chosen = {("template", "name"): _template_choice(self.template), **self.keys}
        drafts = [one.draft(folder) for one in self.sources]
        return commented_recipe(name=name, schema=schema, sources=drafts, chosen=chosen)


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
        for one in _proposed(place, ask, progress):
            proposals.append(one)
            for sentence in _told(one):
                progress.note(sentence)
    use_by_names(proposals)
    shapes = RowShapes()
    for one in proposals:
        shapes.add(one.sample.shapes)
    if len(proposals) > 1:
        shapes.leads.clear()  # the headers of such rows are taken off in a mixture
    template = choose_template(shapes, TemplateRecipe(), has_chat=False)
    if template.name == "plain":
        progress.note(f"template plain: {template.reason}; {_CONTINUES}")
    keys = _settings(proposals)
    for path, choice in keys.items():
        if choice.why:
            progress.note(f"{'.'.join(path)}: {choice.value}, {choice.why.removeprefix('? ')}")
    return RecipeProposal(sources=tuple(proposals), template=template, keys=keys)


def _template_choice(template: TemplateChoice) -> Choice:
    if template.name == "plain":
        return Choice(value="plain", why=f"{template.reason}; {_CONTINUES}")
    return Choice(value="auto", why=f"here {template.name}: {template.reason}")


def _proposed(
    place: Mapping[str, str], ask: Asker | None, progress: Progress
) -> Iterator[SourceProposal]:
    """A source; of a folder that is none, each file of it that can be read."""
    folder = Path(place.get("path", ""))
    try:
        if folder.is_dir():
            explain_source(SourceRecipe.model_validate(place), folder=Path())
    except DataError:
        files = sorted(one for one in folder.iterdir() if one.is_file() and one.name[0] != ".")
        found, error = [], None
        for file in files:
            try:
                found.append(propose_source({**place, "path": str(file)}, ask))
            except DataError as caught:
                error = error or caught
                progress.note(f"left out: {caught}")
        if not found:
            raise error or DataError("holds no file of data", where=str(folder)) from None
        yield from found
    else:
        yield propose_source(place, ask)


def _told(one: SourceProposal) -> list[str]:
    """What a person should know of a source."""
    sample = one.sample
    more = (
        "" if sample.is_whole else f" of the first {sample.kept + sample.dropped.total():,} pieces"
    )
    dropped = ", ".join(f"{count:,} {why}" for why, count in sample.dropped.most_common())
    rest = f"; dropped: {dropped}" if dropped else ""
    told = [
        one.read_as.sentence,
        f"{one.name}: {sample.kept:,} examples{more}{rest}",
    ]
    return told + [f"{one.name}: {sentence}" for sentence in one.marked]


def _settings(proposals: Sequence[SourceProposal]) -> Keys:
    """The shares, lengths and the like with which the sources can be prepared."""
    keys: Keys = {}
    faulty = max(one.sample.share_faulty for one in proposals)
    default = ExamplesRecipe()
    max_bad = default.max_bad
    if faulty > max_bad:
        max_bad = math.ceil(faulty * 100) / 100
        why = "? so many rows cannot be read; `tunesmith import --check` lists them"
        keys["examples", "max_bad"] = Choice(value=max_bad, why=why)
    usual = (default.split.validation, default.split.test)
    wanted = _wanted_split(proposals) or usual
    total = sum(len(one.sample.groups) for one in proposals)
    sources = [one.recipe() for one in proposals]
    found = rehearse(sources, wanted, max_bad, num_groups=total)
    if found is None:
        why = "? no row fits into what the starter reads; name a model that reads longer texts"
        return keys | {("model", "name"): Choice(value="starter", why=why)}
    shares, lengths = found
    if shares != usual:
        why = f"of some {total:,} examples, so that there are enough to judge by"
        if not shares[1]:
            why = "there is too little to hold out, or a file of its own holds it"
        keys["examples", "split", "validation"] = Choice(value=shares[0])
        keys["examples", "split", "test"] = Choice(value=shares[1], why=why)
    return keys | lengths


def _wanted_split(proposals: Sequence[SourceProposal]) -> tuple[float, float] | None:
    """Shares of validation and test for few examples, and beside files of their own."""
    used = {one.values.get("use_as") for one in proposals}
    is_apart = bool(used & {"test", "validation"})
    total = sum(len(one.sample.groups) for one in proposals)
    if not all(one.sample.is_whole for one in proposals) or total >= 10 * _WANTED_TESTS:
        return _beside(used, 0.05, 0.1) if is_apart else None
    test = min(_MOST_TESTED, max(0.1, round(_WANTED_TESTS / max(total, 1), 2)))
    return _beside(used, 0.05 if total >= 100 else 0.1, test)


def _beside(used: set[object], validation: float, test: float) -> tuple[float, float]:
    """No share of what a file of its own holds."""
    return (0.0 if "validation" in used else validation, 0.0 if "test" in used else test)
