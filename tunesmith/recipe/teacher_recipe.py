"""The part of a recipe that names a teacher and says what it writes."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.values import PlainPath, Positive, Seed

TeacherTask = Literal["self-instruct", "documents", "improve"]
TeacherLanguage = Literal["en", "zh"]
Style = Literal["question", "instruction", "how-to"]
TaskKind = Literal["reads", "writes"]


def _all_styles() -> list[Style]:
    return list(get_args(Style))


def _all_kinds() -> list[TaskKind]:
    return list(get_args(TaskKind))


class TeacherRecipe(RecipeSection):
    """A model that writes pairs: from seed tasks, from documents, or better answers."""

    endpoint: EndpointRecipe = Field(description="the model that writes")
    task: TeacherTask = Field(
        "self-instruct",
        description="self-instruct (new tasks after seeds), documents (what a text answers), or "
        "improve (weak answers are rewritten)",
    )
    count: Positive | None = Field(
        None, description="pairs to accept at most; null: 100 after seeds, else all there are"
    )
    language: TeacherLanguage = Field("en", description="of prompts and pairs: en or zh")
    seeds: PlainPath | None = Field(
        None, description="seed tasks, a file of pairs; null: those that come with Tunesmith"
    )
    documents: list[PlainPath] = Field(
        default_factory=list, description="pages and folders of pages that pairs are made from"
    )
    styles: list[Style] = Field(
        default_factory=_all_styles,
        min_length=1,
        description="how a document is asked",
    )
    kinds: list[TaskKind] = Field(
        default_factory=_all_kinds,
        min_length=1,
        description="reads: the text comes as input, the answer is short; writes: neither is so",
    )
    rewordings: int = Field(
        0, ge=0, le=8, description="other wordings of each question to documents, in its group"
    )
    pairs: PlainPath | None = Field(None, description="the pairs whose weak answers are rewritten")
    grades: PlainPath | None = Field(
        None, description="a judge's grades of these pairs; null: weak by simple rules"
    )
    grade_below: float = Field(
        60.0, ge=0, le=100, description="grade under which an answer is weak"
    )
    max_similarity: float = Field(
        0.7, gt=0, le=1, description="ROUGE-L with an earlier instruction from which one is refused"
    )
    blocklist: list[str] = Field(
        default_factory=list, description="more words that no new instruction may hold"
    )
    max_tokens: Positive = Field(1024, description="tokens of a reply at most")
    temperature: float = Field(0.7, ge=0, description="0: always the likeliest token")
    min_accepted: float = Field(
        0.2, ge=0, lt=1, description="share of accepted answers below which the teacher is stopped"
    )
    patience: Positive = Field(30, description="answers before that share counts")
    seed: Seed = Field(0, description="another seed asks with other examples, in another order")

    @model_validator(mode="after")
    def _has_material(self) -> Self:
        if self.task == "documents" and not self.documents:
            raise ValueError("task: documents needs documents, a list of files and folders")
        if self.task == "improve" and self.pairs is None:
            raise ValueError("task: improve needs pairs, a file")
        if len(set(self.styles)) < len(self.styles) or len(set(self.kinds)) < len(self.kinds):
            raise ValueError("styles and kinds name each at most once")
        return self

    def without_effect(self) -> dict[str, str]:
        """Keys of the other tasks."""
        of_task: dict[TeacherTask, tuple[str, ...]] = {
            "self-instruct": ("seeds", "max_similarity"),
            "documents": ("documents", "styles", "kinds", "rewordings"),
            "improve": ("pairs", "grades", "grade_below"),
        }
        unused = {
            key: f"without task: {task}"
            for task, keys in of_task.items()
            if task != self.task
            for key in keys
        }
        if self.task == "improve":
            unused["blocklist"] = "beside task: improve, which writes no instructions"
            if self.grades is None:
                unused["grade_below"] = "without grades"
        return unused
