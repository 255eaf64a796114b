"""A run's sources -> data/*.jsonl, what was dropped and why, and a token store a split."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import IO

from tunesmith.errors import DataError
from tunesmith.examples.conversion.prompt_headers import shared_template
from tunesmith.examples.leave_out import unmet_notices
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.splitting.assign import SplitAssignment
from tunesmith.examples.splitting.contradictions import contradictions, equal_questions
from tunesmith.examples.splitting.split import SPLITS, Split, check_split_sizes, reasons_in_words
from tunesmith.files import atomic_file, json_line, write_json, write_json_lines
from tunesmith.language.translate import translate
from tunesmith.models.load import context_tokens
from tunesmith.recipe.recipe import Recipe
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.claim import begun
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Stage, StageResult
from tunesmith.stages.preparing.edits_beside import edit_plan
from tunesmith.stages.preparing.encode_file import encode_file
from tunesmith.stages.preparing.example_encoder import EncodeCount, ExampleEncoder
from tunesmith.stages.preparing.line_sieve import line_sieve
from tunesmith.stages.preparing.misfits import Misfits
from tunesmith.stages.preparing.preparation_stage import KNOWN, row_limit
from tunesmith.stages.preparing.settled_template import (
    choose_for,
    date_notices,
    other_templates,
    prepared_shapes,
    with_choice,
)
from tunesmith.stages.preparing.split_files import (
    emptied_notices,
    remembered_now,
    share_notices,
    split_record,
    split_sizes,
    write_examples,
)
from tunesmith.stages.preparing.teacher_sources import teach_sources
from tunesmith.stages.preparing.token_lengths import token_lengths
from tunesmith.stages.responders.renderer import Renderer, keeps_own
from tunesmith.templates.choice import TemplateChoice
from tunesmith.templates.wrapped import wrapping_notice
from tunesmith.tokens.store import is_store_name, store_name, write_store


@dataclass(slots=True)
class Preparation:
    """One preparation; the counts grow while it runs."""

    run: Run
    recipe: Recipe  # the run's, with the files of teachers in their places
    renderer: Renderer  # that of the recipe, until the rows have been read
    stage: Stage
    read: ReadCount = field(default_factory=ReadCount)
    late: dict[Split, Counter[str]] = field(default_factory=dict)
    encoded: dict[Split, EncodeCount] = field(default_factory=dict)
    num_contradictions: int = 0
    choice: TemplateChoice | None = None
    misfits: Misfits = field(default_factory=Misfits)
    read_as: list[dict[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    taught: list[StageResult] = field(default_factory=list)

    @property
    def folder(self) -> RunFolder:
        """Where the files go."""
        return self.run.folder

    @property
    def _is_paired(self) -> bool:
        return self.recipe.training.objective == "dpo"

    def work(self) -> StageResult:
        """Write everything; returns the content of `data/summary.json`."""
        self.taught = teach_sources(self.run)
        self._explain()
        trouble: DataError | None = None
        with atomic_file(self.folder.dropped) as dropped:
            try:
                assignment = self._divide(dropped)
                self._settle()
                self._encode_all(assignment, dropped)
            except DataError as error:  # what was dropped is written all the same
                trouble = error
        if trouble is not None:
            for split in SPLITS:
                self.folder.examples(split).unlink(missing_ok=True)
            raise trouble
        check_split_sizes(
            {split: count.rows for split, count in self.encoded.items()},
            dropped=self.late["train"],
        )
        self.num_contradictions = self._find_contradictions()
        self._forget_old_stores()
        self._write_lengths()
        summary = self._summary(assignment)
        write_json(self.folder.summary, {"schema": 1, **summary})
        return summary

    def _explain(self) -> None:
        """Say what each source is read as, for a kind that was found may be the wrong one."""
        for source in self.recipe.sources:
            found = explain_source(source, folder=self.run.recipe_folder)
            self.read_as.append(asdict(found))
            self.doubts += [found.doubt] if found.doubt else []
            self.run.progress.note(found.sentence)

    def _divide(self, dropped: IO[bytes]) -> SplitAssignment:
        def drop(item: Dropped) -> None:
            dropped.write(json_line(asdict(item)))

        sources = shared_template(self.recipe.sources, is_wrapping=self.renderer.is_wrapping)
        if self._is_paired:
            sources = [source.with_rejected() for source in sources]
        read_so = self.recipe.model_copy(update={"sources": sources})
        plan = edit_plan(self.run)
        return write_examples(self.run, read_so, count=self.read, drop=drop, edits=plan)

    def _settle(self) -> None:
        """Choose the template where the recipe leaves it to the rows."""
        asked, recipe = self.renderer, self.recipe.template
        if not asked.is_open:
            return
        shapes = prepared_shapes(self.folder)
        if self.read.has_bared:
            shapes.leads.clear()  # no template of those that others carry fits all rows
        self.choice = choose_for(shapes, asked, recipe)
        moment = begun(self.folder.path)
        self.renderer = with_choice(asked, recipe, self.choice.name, moment=moment)
        self.run.progress.note(f"template {self.choice.name}: {self.choice.reason}")

    def _encode_all(self, assignment: SplitAssignment, dropped: IO[bytes]) -> None:
        rows = dict(self.read.kept_by_source)
        for split, num_rows in assignment.num_rows().items():
            self._encode(split, num_rows, dropped)
        self.misfits.check(
            rows,
            recipe=self.recipe.template,
            template=self.renderer.template.name,
            takers=sum((count.takers for count in self.encoded.values()), Counter()),
            dropped=self.folder.dropped,
        )

    def _encode(self, split: Split, num_rows: int, dropped: IO[bytes]) -> None:
        count = self.encoded[split] = EncodeCount()
        late = self.late[split] = Counter()

        def drop(item: Dropped) -> None:
            late[item.reason] += 1
            self.misfits.take(item)
            self.read.lose(item)
            dropped.write(json_line(asdict(item)))

        encoder = ExampleEncoder(
            how=self.renderer,
            max_tokens=row_limit(self.recipe, self.renderer)[0],
            num_known=self.stage.inputs[KNOWN],
            when_too_long=self.recipe.training.when_too_long,
            drop=drop,
            count=count,
            is_tested=split == "test",
            is_paired=self._is_paired and split != "test",
            context=context_tokens(self.renderer.place),
            others=dict(other_templates(self.renderer, self.recipe.template)),
        )
        self.run.progress.start(f"encoding {split}", num_rows)
        examples = self.folder.examples(split)
        key = self.stage.key
        with line_sieve(examples) as sieve:
            rows = encode_file(
                encoder, examples, num_rows=num_rows, progress=self.run.progress, sieve=sieve
            )
            width = 2 if encoder.is_paired else 1
            write_store(self.folder.tokens / store_name(split, key), rows, key=key, width=width)
        self.run.progress.close()

    def _find_contradictions(self) -> int:
        """List questions with different answers; nothing is dropped for them."""
        self.run.progress.start("comparing answers", None)
        pairs = equal_questions([self.folder.examples(split) for split in SPLITS])
        found = (one.to_json() for one in contradictions(pairs))
        count = write_json_lines(self.folder.contradictions, found)
        self.run.progress.close()
        return count

    def _write_lengths(self) -> None:
        lengths = {str(split): count.lengths for split, count in self.encoded.items()}
        limit = row_limit(self.recipe, self.renderer)[0]
        record = token_lengths(lengths, max_tokens=limit)
        record["longest_prompt"] = self.encoded["test"].longest_prompt
        write_json(self.folder.token_lengths, record)

    def _forget_old_stores(self) -> None:
        current = {store_name(split, self.stage.key) for split in SPLITS}
        for path in self.folder.tokens.glob("*.arrow"):
            if path.name not in current and is_store_name(path.name):
                path.unlink()

    def _summary(self, assignment: SplitAssignment) -> StageResult:
        read = self.read.to_json()
        lost = {split: count.lost for split, count in self.encoded.items()}
        sizes = split_sizes(assignment, self.folder, lost)
        return {
            "kept": read["kept"],
            "dropped": read["dropped"],
            "by_source": read["by_source"],
            "not_read": read["not_read"],
            "sums": read["sums"],
            "template": self._template_record(),
            "read_as": self.read_as,
            **({"taught": self.taught} if self.taught else {}),
            "redacted": dict(self.read.redacted.most_common()),
            "contradictions": self.num_contradictions,
            "splits": {
                split: {
                    "rows": count.rows,
                    **split_record(sizes, self.recipe.examples, split),
                    "tokens": count.tokens,
                    "trained_tokens": count.trained_tokens,
                }
                for split, count in self.encoded.items()
            },
            "remembered": remembered_now(self.folder),
            "notices": self._notices(assignment),
        }

    def _template_record(self) -> dict[str, str]:
        name, reason = self.renderer.template.name, "the recipe names it"
        if self.choice is not None:
            reason = self.choice.reason
        elif self.renderer.place.contract is not None and keeps_own(self.recipe.template):
            reason = f"{self.renderer.place.name} was tuned with it"
        return {"name": name, "reason": reason}

    def _notices(self, assignment: SplitAssignment) -> list[str]:
        notices = [self.renderer.warning] if self.renderer.warning else []
        notices += date_notices(self.renderer.template)
        notices += row_limit(self.recipe, self.renderer)[1]
        notices += self.doubts
        if total := self.read.dropped.total():
            notices.append(
                translate(
                    "{count:,} of {total:,} rows were dropped ({reasons}): data/dropped.jsonl",
                    count=total,
                    total=self.read.num_read,
                    reasons=reasons_in_words(self.read.dropped),
                )
            )
        notices += unmet_notices(self.recipe.examples, self.read.dropped, self.run.recipe_folder)
        notices += [*self.read.not_read.sentences(), *self.read.open_sums()]
        notices += self.read.removed_sentences()
        if self.num_contradictions:
            notices.append(
                translate(
                    "{count:,} pairs of answers to one question differ: data/contradictions.jsonl",
                    count=self.num_contradictions,
                )
            )
        wrapped = sum((count.wrapped for count in self.encoded.values()), Counter())
        if wrapped:
            is_mixture = len(self.recipe.sources) > 1
            notices.append(wrapping_notice(self.renderer.template, wrapped, is_mixture=is_mixture))
        if in_part := sum(count.in_part for count in self.encoded.values()):
            notices.append(
                translate(
                    "{count:,} conversations keep only the turns that fit; the others, too long, "
                    "are not trained on",
                    count=in_part,
                )
            )
        if in_pieces := sum(count.in_pieces for count in self.encoded.values()):
            limit = row_limit(self.recipe, self.renderer)[0]
            notices.append(
                translate(
                    "{count:,} texts are longer than {limit:,} tokens and were cut into rows of as "
                    "many; every token is trained once",
                    count=in_pieces,
                    limit=limit,
                )
            )
        tested = self.encoded["test"]
        if tested.rows and not tested.longest_prompt:
            notices.append(
                translate(
                    "the test rows are plain text, which asks nothing: loss and next-token "
                    "accuracy score them, no other metric does"
                )
            )
        notices += share_notices(self.recipe.examples, assignment)
        return notices + emptied_notices(assignment, self.late)
