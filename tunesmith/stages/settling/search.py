"""A prepared run -> the numbers that its recipe leaves to `auto`: found once, kept and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tunesmith.errors import DataError
from tunesmith.files import hash_json, write_json
from tunesmith.models.load import ModelPlace, hidden_width
from tunesmith.recipe.commented import flow
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import StageResult, finished_result, forget, run_stage
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.settling.settled_training import SEARCH, SETTLED, search_stage, with_numbers
from tunesmith.stages.settling.trial_notes import TrialNotes
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import Engine, identity
from tunesmith.training.make_plan import first_state
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.search.budget import SearchBudget, search_rows
from tunesmith.training.search.find_rate import Trial, rounded
from tunesmith.training.search.rules_of_thumb import preference_rate, usual_rate
from tunesmith.training.search.settle import FoundRate, find_rate, plan_search, settle_sizes
from tunesmith.training.search.trials import TrialRoom
from tunesmith.training.signals import stop_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSearch:
    """A search for the settings of one run, on one rank.

    Attributes:
        run: It is prepared.
        base: Which model it starts from, as stages know it.
        place: Where that lies.
        engine: Where and how trials are computed.
        ranks: The processes that make them together.
        plan_of: Loads the model anew and plans its training by a recipe.
    """

    run: Run
    base: list[Any]
    place: ModelPlace
    engine: Engine
    ranks: Ranks
    plan_of: Callable[[TrainingRecipe], TrainingPlan]

    def settled(self) -> TrainingRecipe:
        """The recipe with all its numbers, which are found now unless they are known.

        Raises:
            DataError: There is nothing to train on.
            StoppedError: A signal came; trials that are done need not be made again.
        """
        recipe, folder = self.run.recipe.training, self.run.folder
        if not recipe.open_settings:
            if self.ranks.is_first and SEARCH in folder.read_manifest():  # else it is not ours
                forget(folder, SEARCH)
                folder.settings.unlink(missing_ok=True)
            return recipe
        stage = search_stage(self.run, self.base)
        done = self.ranks.from_first(finished_result(folder, stage))
        if done is None:
            done = run_stage(folder, stage, self._work) if self.ranks.is_first else self._work()
            done = self.ranks.from_first(done)
            self.run.progress.note(told_settings(done))
        return with_numbers(recipe, done)

    def outlook(self) -> tuple[TrainingRecipe, float]:
        """The recipe as it will be but for its rate, and the share that finding that will cost."""
        recipe = self.run.recipe.training
        if not recipe.open_settings:
            return recipe, 0.0
        done = finished_result(self.run.folder, search_stage(self.run, self.base))
        if done is not None:
            return with_numbers(recipe, done), 0.0
        store, held_out = self._stores()
        sized, expected = self._sized(recipe, store, held_out), self._expected
        if sized.learning_rate != "auto":
            return sized, 0.0
        if sized.objective == "dpo":
            return sized.model_copy(update={"learning_rate": rounded(expected)}), 0.0
        budget = plan_search(store, held_out, sized, expected=expected)
        known = sized.model_copy(update={"learning_rate": rounded(expected)})
        return known, budget.likely_share if budget.is_enough else 0.0

    def _work(self) -> StageResult:
        store, held_out = self._stores()
        sized = self._sized(self.run.recipe.training, store, held_out)
        result: StageResult = {}
        if sized.learning_rate == "auto":
            found = self._rate(sized, store, held_out)
            sized = sized.model_copy(update={"learning_rate": found["learning_rate"]})
            result = found
        numbers = {name: getattr(sized, name) for name in SETTLED}
        if sized.steps is not None:
            del numbers["epochs"]
        result = {"schema": 1, **numbers, "rows": len(store), **result}
        if self.ranks.is_first:
            write_json(self.run.folder.settings, result)
            self.run.folder.trials.unlink(missing_ok=True)
        return result

    def _stores(self) -> tuple[TokenStore, TokenStore]:
        folder = self.run.folder
        store, held_out = open_store(folder, "train"), open_store(folder, "validation")
        if not len(store):
            raise DataError("there is no training example", where=str(folder.path))
        return store, held_out

    def _sized(
        self, recipe: TrainingRecipe, store: TokenStore, held_out: TokenStore
    ) -> TrainingRecipe:
        return settle_sizes(recipe, num_rows=len(store), is_validated=len(held_out) > 0)

    @property
    def _expected(self) -> float:
        training = self.run.recipe.training
        rule = preference_rate if training.objective == "dpo" else usual_rate
        return rule(hidden_width(self.place), has_adapter=training.lora is not None)

    def _rate(
        self, sized: TrainingRecipe, store: TokenStore, held_out: TokenStore
    ) -> dict[str, Any]:
        """By trials where they can be paid, else by the rule of thumb."""
        expected = self._expected
        if sized.objective == "dpo":
            return {"learning_rate": rounded(expected), "objective": "dpo"}
        budget = plan_search(store, held_out, sized, expected=expected)
        if not budget.is_enough:
            return FoundRate(learning_rate=rounded(expected)).to_json()
        plan = self.plan_of(sized.model_copy(update={"learning_rate": expected}))
        with stop_requests() as stop:
            room = TrialRoom(
                plan=plan,
                held_out=held_out,
                rows=search_rows(store, held_out, plan.recipe),
                state=first_state(plan),
                note=self.run.progress.note,
                stop=stop,
            )
            found = self._search(room, budget, expected)
        measured = {
            "held_aside": len(room.rows.held_aside),
            "validation": len(room.rows.validation),
        }
        return {**found.to_json(), "measured_by": measured}

    def _search(self, room: TrialRoom, budget: SearchBudget, expected: float) -> FoundRate:
        progress = self.run.progress
        where = [identity(self.engine), self.ranks.size, search_stage(self.run, self.base).key]
        notes = TrialNotes(path=self.run.folder.trials, key=hash_json(where), ranks=self.ranks)

        def told(trial: Trial) -> None:
            progress.advance()
            loss = "diverged" if trial.loss is None else f"loss {trial.loss:.4g}"
            progress.status(f"{trial.steps} steps at {flow(trial.learning_rate)}: {loss}")

        progress.start("trying learning rates", None)
        found = find_rate(
            budget,
            expected=expected,
            num_steps=room.plan.num_steps,
            attempt=partial(notes.loss, room=room),
            range_test=partial(notes.range_test, room=room),
            told=told,
        )
        progress.close()
        return found


def told_settings(found: Mapping[str, Any]) -> str:
    """What was chosen, how it was found, and how it is fixed; one sentence each."""
    trials = found.get("trials", ())
    numbers = {name: found[name] for name in SETTLED if found.get(name) is not None}
    listed = ", ".join(f"{name}: {flow(value)}" for name, value in numbers.items())
    if trials:
        rows = sum(found["measured_by"].values())
        how = (
            f"the rate is the best of {len(trials)} short trials by the loss on {rows} rows, "
            f"{100 * found['share']:.0f} % of the training's cost"
        )
    elif found.get("objective") == "dpo":
        how = "the rate is usual for preferences and a model of this width; no trial chooses it"
    elif "share" in found:
        how = "there are too few rows for trials: the rate is usual for a model of this width"
    else:
        how = "lengths and sizes go by the number of rows"
    return (
        f"settings for {found['rows']:,} training rows: {how}. To fix these: training: {{{listed}}}"
    )
