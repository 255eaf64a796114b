"""Answers of a server beside those of a run -> whether it serves the run's model; if not, why.

The order matters: what explains an answer most simply is looked for first, and each cause is
named only where it explains most of the rows that differ.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tunesmith.serving.check.answer_match import AnswerMatch, MatchKind, Reader
from tunesmith.serving.check.evidence import (
    TokenCounts,
    Witnesses,
    best_guess,
    fitting_guesses,
    share_predicted,
    token_counts,
    usual_gap,
)
from tunesmith.serving.check.rendering_guess import RenderingGuess

_TOLERATED = 0.01  # of the rows: what another order of adding numbers changes
_EXPLAINED = 0.6  # of the rows that differ, from where a cause is named
_BASE_SHARE = 0.8
_SMALL_NATS = 1.0
_TRIED_ROWS = 6
_FEW = 3
_TEMPLATE_CURE = (
    "Give it the chat template that lies beside the run's weights (chat_template.jinja)."
)
_LOAD = (
    "Have it load the run's model; of an adapter, ask for it by the name that the server gives it."
)
_OF_LONG_ANSWERS = ("cut off", "ends early")  # the other kinds show in every answer
_KINDS: dict[MatchKind, tuple[str, str, str]] = {
    "goes on": (
        "missing stop",
        "it goes on where the run's model ended: {stops} does not stop it",
        "Give it the run's generation_config.json (eos_token_id), or send stop: {stops}.",
    ),
    "shows its stop": (
        "stop text leaks",
        "it shows the token that ends an answer as text: {stops}",
        "Switch skip_special_tokens on, or send stop: {stops}.",
    ),
    "cut off": (
        "other max_tokens",
        "it cuts answers off before the length that was asked for",
        "Raise its own limit of tokens (max_tokens, num_predict, its context length).",
    ),
    "ends early": (
        "other stops",
        "it ends answers before the run's model does",
        "Look for stop strings that it adds.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCause:
    """Why a server does not serve what was measured.

    Attributes:
        cause: A short name that stays the same.
        words: What the server does.
        cure: What to do about it.
    """

    cause: str
    words: str
    cure: str


@dataclass(frozen=True, kw_only=True)
class ServerDiagnosis:
    """All that is known of a server, read with the run's own eyes.

    Attributes:
        chat: Rows that were asked as a chat.
        raw: Rows whose whole prompt was asked to be continued; None where it does not do that.
        reader: Of answers.
        guesses: What prompts it may have read instead of the run's.
        witnesses: Who is asked more where answers differ.
    """

    chat: Sequence[AnswerMatch]
    raw: Sequence[AnswerMatch] | None
    reader: Reader
    guesses: Sequence[RenderingGuess]
    witnesses: Witnesses

    @cached_property
    def counts(self) -> TokenCounts:
        """The server's counts of prompt tokens."""
        return token_counts(self.chat)

    @cached_property
    def judged(self) -> Sequence[AnswerMatch]:
        """The rows that decide: the chat's, for that is what is used; else the raw ones."""
        return self.chat or self.raw or ()

    @cached_property
    def bad(self) -> list[AnswerMatch]:
        """Rows that the run's model would not have answered so."""
        return [match for match in self.judged if not match.is_good]

    @cached_property
    def is_close(self) -> bool:
        """Whether next to all answers are the run's."""
        return bool(self.judged) and len(self.bad) <= _TOLERATED * len(self.judged)

    @cached_property
    def serves(self) -> bool:
        """Whether it serves the model that was measured."""
        return self.is_close and not self.causes

    @cached_property
    def has_odd_counts(self) -> bool:
        """Whether its counts differ from the run's prompts though nothing else does."""
        return bool(self.counts.pairs) and not self.counts.fit_ours and self.serves

    @cached_property
    def causes(self) -> list[ServerCause]:
        """Why it does not, the first explains most; empty where it does."""
        if not self.judged or self.is_close:
            return list(self._counted_template())
        finders: tuple[Callable[[], Iterator[ServerCause]], ...] = (
            self._failures,
            self._sampling,
            self._base,
            self._template,
            self._stops,
            self._other_name,
            self._weights,
        )
        return next((found for find in finders if (found := list(find()))), [])

    @cached_property
    def _apart(self) -> list[AnswerMatch]:
        """Bad rows with an answer that is another one."""
        return [match for match in self.bad if match.kind != "failed"]

    def _failures(self) -> Iterator[ServerCause]:
        failed = [match for match in self.bad if match.kind == "failed"]
        if len(failed) >= _EXPLAINED * len(self.bad):
            reason = failed[0].served.failure
            words = f"it gives no answer to {len(failed):,} of {len(self.judged):,} rows ({reason})"
            cure = "Look at the server's log; a model without a chat template takes no chat."
            yield ServerCause(cause="no answer", words=words, cure=cure)
            yield from self._base_in(self.raw or ())

    def _sampling(self) -> Iterator[ServerCause]:
        tried = [match for match in self._apart if match.kind == "other"][:_TRIED_ROWS]
        if not tried or not self.chat:
            return
        second = self.witnesses.again([match.row for match in tried])
        changed = sum(
            not self.reader.is_same(one.text, match.served.text)
            for match, one in zip(tried, second, strict=True)
        )
        if changed >= max(2, len(tried) / 3) or changed == len(tried):
            yield ServerCause(
                cause="sampling",
                words=f"it samples: {changed} of {len(tried)} rows were answered otherwise when "
                "they were asked again, at temperature 0",
                cure="Take its own temperature away; it must keep to the request's.",
            )

    def _base(self) -> Iterator[ServerCause]:
        yield from self._base_in(self.judged)

    def _base_in(self, matches: Sequence[AnswerMatch]) -> Iterator[ServerCause]:
        telling = [
            match
            for match in matches
            if (base := match.row.base) is not None
            and match.served.failure is None
            and not self.reader.is_same(base.text, match.row.tuned.text)
        ]
        same = sum(
            match.row.base is not None
            and self.reader.is_same(match.served.text, match.row.base.text)
            for match in telling
        )
        if telling and same >= _BASE_SHARE * len(telling):
            yield ServerCause(
                cause="base model",
                words=f"it serves the base model: {same:,} of {len(telling):,} answers are those "
                "of the model that the run started from",
                cure=_LOAD,
            )

    def _stops(self) -> Iterator[ServerCause]:
        stops = ", ".join(map(repr, self.reader.template.stop_tokens)) or "its end token"
        for kind, (cause, words, cure) in _KINDS.items():
            num = sum(match.kind == kind for match in self.bad)
            others = self.bad if kind in _OF_LONG_ANSWERS else self.judged
            if num >= _EXPLAINED * len(others):
                yield ServerCause(
                    cause=cause, words=words.format(stops=stops), cure=cure.format(stops=stops)
                )

    def _counted_template(self) -> Iterator[ServerCause]:
        """What the counts say where answers say nothing: believed unless the weights object."""
        if not self.counts.pairs or self.counts.fit_ours:
            return
        for guess in fitting_guesses(
            self.guesses, self.counts, [row for row, _ in self.counts.pairs]
        ):
            share = self._predicted(guess, self.chat)
            if share is None or share == 1.0:
                yield _as_cause(guess)
                return

    @cached_property
    def _is_prompt(self) -> bool:
        """Whether the fault lies in the prompt: the run's own one is answered as by the run."""
        return bool(self.raw) and _share_good(self.raw or ()) >= 1 - _TOLERATED

    def _template(self) -> Iterator[ServerCause]:
        if not self.chat or self.counts.fit_ours:
            return
        is_told = bool(self.counts.pairs) or self._is_prompt
        if not is_told and (len(self._apart) < _FEW or list(self._stops())):
            return  # a few answers, and no count: any guess would fit
        guesses = fitting_guesses(self.guesses, self.counts, [match.row for match in self._apart])
        good = [match for match in self.chat if match.is_good]
        tried = [*self._apart[:_TRIED_ROWS], *good[:_TRIED_ROWS]]
        found = best_guess(guesses, tried, reader=self.reader, witnesses=self.witnesses)
        if found is not None:
            yield _as_cause(found[0])
            if found[1] == "base":
                words = "so asked, it answers as the run's base"
                yield ServerCause(cause="base model", words=words, cure=_LOAD)
        elif self.counts.pairs:
            yield self._unknown_template(guesses)
        elif self._is_prompt:
            words = "it asks with another template: the run's own prompt is answered as by the run"
            yield ServerCause(cause="wrong template", words=words, cure=_TEMPLATE_CURE)
        if is_told and found is None and not self._is_prompt:
            yield from self._stops()

    def _unknown_template(self, guesses: Sequence[RenderingGuess]) -> ServerCause:
        """The counts are not the run's, and no answer says which of the guesses it is."""
        if len(guesses) == 1 and self._predicted(guesses[0], self._apart) is None:
            return _as_cause(guesses[0])
        surplus = self.counts.usual_surplus
        words = (
            f"it asks with another template: its prompts have {abs(surplus)} tokens "
            f"{'more' if surplus > 0 else 'fewer'} than the run's"
        )
        return ServerCause(cause="wrong template", words=words, cure=_TEMPLATE_CURE)

    def _other_name(self) -> Iterator[ServerCause]:
        tried = self._apart[:_TRIED_ROWS]
        for name in self.witnesses.other_names:
            answers = self.witnesses.again([match.row for match in tried], name)
            same = sum(
                self.reader.is_same(one.text, match.row.tuned.text)
                for match, one in zip(tried, answers, strict=True)
            )
            if tried and same == len(tried):
                words = f"it serves another model under this name; the run's is there as {name!r}"
                cure = f"Ask for {name!r}, or mend the server's list of adapters."
                yield ServerCause(cause="other adapter", words=words, cure=cure)
                return

    def _weights(self) -> Iterator[ServerCause]:
        """Nothing else is left: the weights. Nearly equal numbers choose nearly as good tokens."""
        other = [match for match in self._apart if match.kind == "other"]
        gap = usual_gap(other, reader=self.reader, witnesses=self.witnesses)
        told = f" (the run's model gives the token that came {gap or 0:.2f} nats less than its own)"
        said = "" if gap is None else told
        is_small = gap is not None and gap <= _SMALL_NATS
        if is_small or _share_good(self.judged) >= _BASE_SHARE:
            yield ServerCause(
                cause="small numeric differences",
                words="its numbers differ a little, as those of quantised weights, of a lower "
                f"precision or of another checkpoint do{said}",
                cure="Serve the weights in the precision that was measured, or measure these: "
                "give the quantised file as a rival.",
            )
            return
        yield ServerCause(
            cause="other weights",
            words="it serves other weights, another adapter say: they are neither the run's "
            f"model nor its base{said}",
            cure="Look at what it loaded; of adapters, at which one this name stands for.",
        )

    def _predicted(
        self, guess: RenderingGuess | None, matches: Sequence[AnswerMatch]
    ) -> float | None:
        """The share of answers that the tuned weights give to a guess's prompts, too."""
        return share_predicted(
            guess, "tuned", matches, reader=self.reader, witnesses=self.witnesses
        )


def _share_good(matches: Sequence[AnswerMatch]) -> float:
    return sum(match.is_good for match in matches) / len(matches)


def _as_cause(guess: RenderingGuess) -> ServerCause:
    return ServerCause(cause=guess.cause, words=guess.words, cure=guess.cure)
