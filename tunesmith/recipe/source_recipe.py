"""The part of a recipe that names one source, and says how it is read."""

from typing import Self

from pydantic import Field, PrivateAttr, model_validator

from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.task_names import TaskReference
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.recipe.values import (
    EncodingName,
    FieldName,
    KindReference,
    PlainPath,
    Positive,
    Seed,
    SplitName,
)


class SourceRecipe(RecipeSection):
    """One source of rows: a file, a data set on the Hub, or a teacher that writes them."""

    path: PlainPath | None = Field(
        None, description="a file, its kind detected from its content; or a folder of pages"
    )
    hub: str | None = Field(None, description="a Hub data set such as tatsu-lab/alpaca")
    teacher: TeacherRecipe | None = Field(
        None, description="a model that writes the rows; see docs/teacher.md"
    )
    kind: KindReference | None = Field(None, description="overrides what was detected")
    encoding: EncodingName | None = Field(
        None, description="of a text, such as cp1252 or gb18030; null: found out"
    )
    config: str | None = Field(None, description="configuration of a Hub data set")
    split: str = Field("train", description="split of a Hub data set")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub data set")
    stream: bool = Field(False, description="read a Hub data set without storing it")
    limit: Positive | None = Field(None, description="rows to read at most")
    use_as: SplitName | None = Field(
        None, description="train, validation or test: where its rows belong; null: by content"
    )
    subject: str | None = Field(
        None, description="what documents describe, e.g. a product; null: what they call it"
    )
    fields: dict[FieldName, str] = Field(
        default_factory=dict, description="our field: their column, e.g. response: answer"
    )
    ignore: list[str] = Field(
        default_factory=list, description="columns that are not read, and keys of messages"
    )
    keep_reasoning: bool = Field(
        False, description="reasoning before an answer is trained too, between <think> tags"
    )
    keep_headers: bool | None = Field(
        None, description="a template's headers that rows carry stay; null: but in a mixture"
    )
    task: TaskReference | None = Field(
        None, description="a prompt template for labelled rows, e.g. sentiment; see docs/tasks.md"
    )
    prompts: PlainPath | None = Field(
        None, description="prompt templates of one's own, a YAML file in promptsource's format"
    )
    prompt_names: list[str] | None = Field(
        None, min_length=1, description="which templates of that file; null: all that can run"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="the prompt template's column: theirs, e.g. text: review"
    )
    labels: list[str] | dict[str, str] | None = Field(
        None, description="names of the labels, e.g. {0: negative, 1: positive}; null: as they are"
    )
    weight: float | None = Field(
        None, gt=0, description="its share of the mix, beside the weights of other sources"
    )
    seed: Seed = Field(0, description="another seed draws other wordings, and other rows by weight")
    staff: list[str] = Field(
        default_factory=list,
        description="who answers in chats and mails, by account or name; empty: found out",
    )

    _keeps_rejected: bool = PrivateAttr(False)  # said by the recipe's objective, not by the source

    @property
    def keeps_rejected(self) -> bool:
        """Whether a rejected answer is read beside the chosen one."""
        return self._keeps_rejected

    def with_rejected(self) -> Self:
        """The same source, read for an objective that learns preferences."""
        source = self.model_copy()
        source._keeps_rejected = True
        return source

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.path, self.hub, self.teacher)) != 1:
            raise ValueError("name one of path, hub and teacher")
        if self.task is not None and self.prompts is not None:
            raise ValueError("name either task or prompts")
        if self.stream and self.weight is not None and self.limit is None:
            raise ValueError("weight needs a limit where stream is true: rows are counted first")
        return self

    @property
    def is_prompted(self) -> bool:
        """Whether a prompt template makes examples of its rows."""
        return self.task is not None or self.prompts is not None

    def without_effect(self) -> dict[str, str]:
        """Keys of another kind of source, or of another way to read rows."""
        elsewhere = ("config", "split", "revision", "stream")
        if self.teacher is not None:
            return self._unused_by_teacher(self.teacher)
        if self.hub is not None:
            unused = dict.fromkeys(("kind", "encoding", "subject"), "on a hub source")
        else:
            unused = dict.fromkeys(elsewhere, "without hub")
        if self.is_prompted:
            unused["fields"] = "beside task or prompts; write columns"
            unused |= dict.fromkeys(("keep_reasoning", "keep_headers"), "beside task or prompts")
        else:
            unused["columns"] = "without task or prompts; write fields"
        if self.task is None:
            unused["labels"] = "without task"
        if self.prompts is None:
            unused["prompt_names"] = "without prompts"
        if not self.is_prompted and self.weight is None:
            unused["seed"] = "without task, prompts or weight"
        return unused

    def _unused_by_teacher(self, teacher: TeacherRecipe) -> dict[str, str]:
        """What describes rows that are read; a teacher's are known."""
        rows = (
            "kind",
            "encoding",
            "config",
            "split",
            "revision",
            "stream",
            "limit",
            "fields",
            "ignore",
        )
        prompted = ("task", "prompts", "prompt_names", "columns", "labels", "staff")
        unused = dict.fromkeys(
            (*rows, "keep_reasoning", "keep_headers", *prompted), "beside teacher"
        )
        if teacher.task != "documents":
            unused["subject"] = "without the teacher's documents"
        if self.weight is None:
            unused["seed"] = "beside teacher without weight; the teacher has its own"
        return unused
