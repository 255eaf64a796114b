"""Collections and divisions of examples made in a test."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tunesmith.examples.example import Example, Message
from tunesmith.examples.read_chunks import chunk_examples
from tunesmith.examples.splitting.assign import SplitAssignment, assign_splits, remember
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS
from tunesmith.examples.splitting.split_memory import SplitMemory
from tunesmith.recipe.recipe import ExamplesRecipe, SplitRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.values import SplitName

HALVES = ExamplesRecipe(split=SplitRecipe(validation=0.2, test=0.3))


def pair(
    question: str, answer: str = "a", *, source: str = "x:1", group: str | None = None
) -> Example:
    """A question and its answer."""
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=turns, source=source, group=group)


@contextmanager
def collected(
    folder: Path, *parts: Sequence[Example], use_as: Sequence[SplitName | None] = ()
) -> Iterator[Collection]:
    """A finished collection of several sources."""
    names = [*use_as, *[None] * len(parts)]
    with Collection(folder) as collection:
        chunks = chunk_examples(
            [
                (SourceRecipe(path=f"{number}.jsonl", use_as=names[number]), part)
                for number, part in enumerate(parts)
            ]
        )
        collection.add_all(chunks)
        yield collection


def assigned(
    folder: Path,
    *parts: Sequence[Example],
    recipe: ExamplesRecipe = HALVES,
    use_as: Sequence[SplitName | None] = (),
) -> SplitAssignment:
    """Where examples fall; the folder's splits.jsonl is read and added to."""
    with collected(folder, *parts, use_as=use_as) as collection:
        memory = SplitMemory(folder / "splits.jsonl", recipe)
        assignment = assign_splits(collection, recipe, memory)
        remember(collection, assignment, memory)
    return assignment


def splits(examples: Iterable[Example], assignment: SplitAssignment) -> dict[str, str]:
    """The split of each example that was kept, by id; rows in their order."""
    return {
        example.id: SPLITS[split]
        for example, split in zip(examples, assignment.splits.tolist(), strict=False)
        if split != NO_SPLIT
    }


def reasons(assignment: SplitAssignment) -> dict[int, str]:
    """Why rows were left out."""
    return {row: loss.reason for row, loss in sorted(assignment.left_out.items())}
