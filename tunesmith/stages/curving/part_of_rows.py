"""A run, a number of its rows and a seed -> scores of the model that is tuned on them alone.

A part is a run's folder in miniature, `curve/rows-<n>-seed-<s>`: its rows of tokens, and the log
of its training, which resumes. Once it is scored, only `scores.json` and the log stay.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.token_metrics import TOKEN_METRICS
from tunesmith.examples.splitting.split import SPLITS
from tunesmith.files import hash_json, read_json, write_json
from tunesmith.generation.responder import Responder
from tunesmith.models.load import find_model
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.answer import TUNED
from tunesmith.stages.evaluate import measured_tokens
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, run_stage
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.responders.load_responder import tuned_responder
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.stages.test_set.completions import answer_onto
from tunesmith.stages.test_set.rivals import questions_of
from tunesmith.stages.train import Training, base_record, identity_of_base
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore, store_name, write_store
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import Engine

_KEPT = ("scores.json", "log.jsonl", "manifest.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfRows:
    """One tuning on some of the rows.

    Attributes:
        run: The whole run, which is trained.
        renderer: How its prompts are written.
        engine: Where and how to compute.
        training: The recipe of every part: all its numbers, and the same steps.
        num_rows: To train on.
        seed: Which rows, and the seed of the training beside the recipe's own.
        is_whole: Whether this is the run's own training, whose model is there.
    """

    run: Run
    renderer: Renderer
    engine: Engine
    training: TrainingRecipe
    num_rows: int
    seed: int
    is_whole: bool

    @property
    def folder(self) -> RunFolder:
        """Where it lies."""
        return RunFolder(self.run.folder.path / "curve" / f"rows-{self.num_rows}-seed-{self.seed}")

    def scores(self) -> StageResult:
        """By metric, the score of each test row (None: not graded), and their order and weights."""
        whole, recipe = self.run.folder, self.run.recipe
        stage = Stage(
            name="part",
            inputs={
                "data": whole.read_manifest()["prepare"]["key"],
                "base model": identity_of_base(base_record(self.renderer.place, self.run)),
                "training": self._recipe.model_dump(exclude={"samples"}),
                "rows": [self.num_rows, self.seed, self.is_whole],
                "rendering": self.renderer.fingerprint,
                "generation": recipe.generation.model_dump(exclude={"batch"}),
                "metrics": self._metrics,
                "code": code_of("tokens", "models", "generation", "evaluation/metrics.py"),
            },
            outputs=[self.folder.scores],
        )
        run_stage(self.folder, stage, lambda: self._work(stage))
        scores: StageResult = read_json(self.folder.scores)
        return scores

    @property
    def _recipe(self) -> TrainingRecipe:
        seed = self.training.seed + self.seed
        return self.training.model_copy(update={"seed": seed})

    @property
    def _metrics(self) -> list[str]:
        return [name for name in self.run.recipe.evaluation.metrics if name not in TOKEN_METRICS]

    def _work(self, stage: Stage) -> StageResult:
        model = self.run.folder.model
        if not self.is_whole:
            self._write_rows()
            self._train()
            model = self.folder.model
        responder = tuned_responder(self.run.recipe, self.renderer, find_model(str(model)))
        scores = {"rows": self.num_rows, "seed": self.seed, **self._scored(responder, stage)}
        write_json(self.folder.scores, scores)
        self._forget_model()
        return {}

    def _write_rows(self) -> None:
        """The rows of tokens as training reads them, and the manifest that names them."""
        whole, key = self.run.folder, self._key
        prepared = {**whole.read_manifest()["prepare"], "key": key, "inputs": {}, "outputs": {}}
        manifest = self.folder.read_manifest()
        self.folder.write_manifest({**manifest, "prepare": prepared})
        for split in SPLITS:
            store = open_store(whole, split)
            rows: Sequence[int] = range(len(store))
            if split == "train":
                rows = rows_of_part(store, self.num_rows, seed=self.seed)
            path = self.folder.tokens / store_name(split, key)
            write_store(path, _rows(store, rows), key=key)

    @property
    def _key(self) -> str:
        whole = self.run.folder.read_manifest()["prepare"]["key"]
        return hash_json([whole, self.num_rows, self.seed])

    def _train(self) -> None:
        whole = self.run.recipe
        alone = whole.evaluation.model_copy(update={"baselines": [], "rivals": []})
        recipe = whole.model_copy(update={"training": self._recipe, "evaluation": alone})
        part = replace(self.run, recipe=recipe, folder=self.folder)
        training = Training(
            run=part,
            renderer=self.renderer,
            engine=self.engine,
            ranks=Ranks(),
            force=None,
            base=base_record(self.renderer.place, part),
        )
        training.result()

    def _scored(self, responder: Responder, stage: Stage) -> StageResult:
        progress, whole = self.run.progress, self.run.folder
        questions = questions_of(whole)
        progress.start(f"answering (tuned on {self.num_rows:,} rows)", len(questions))
        partial = self.folder.path / f".answers-{stage.key[:12]}.jsonl"
        answers = answer_onto(
            partial, questions, load=lambda: responder, progress=progress, is_lenient=True
        )
        references = ReferenceFile(whole.examples("test"))
        metrics = {
            name: [
                grade.score
                for grade in grade_completions(answers, references, metric=name, model=TUNED)
            ]
            for name in self._metrics
        }
        store = open_store(whole, "test")
        progress.start("measuring the loss", len(store))
        totals = measured_tokens(TUNED, responder, store, progress)
        progress.close()
        losses = [one.nats / one.num_targets for one in totals]
        return {
            "metrics": metrics,
            "loss": losses,
            "loss_weights": [one.num_targets for one in totals],
        }

    def _forget_model(self) -> None:
        for path in self.folder.path.iterdir():
            if path.name not in _KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def rows_of_part(store: TokenStore, num_rows: int, *, seed: int) -> list[int]:
    """Places of some rows, in the file's order; of one seed, fewer lie within more.

    All rows of an example go together, as far as the number allows.
    """
    draws = [
        (blake2b(f"{seed} {store.example_id(row)}".encode(), digest_size=8).digest(), row)
        for row in range(len(store))
    ]
    return sorted(row for _, row in sorted(draws)[:num_rows])


def _rows(store: TokenStore, rows: Sequence[int]) -> Iterator[tuple[str, EncodedExample]]:
    return ((store.example_id(row), store[row]) for row in rows)
