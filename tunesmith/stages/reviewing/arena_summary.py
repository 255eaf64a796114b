"""Votes of an arena -> its ranking, and how far people and judge agree, for people and programs."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from tunesmith.evaluation.judge.pairwise import Preference
from tunesmith.evaluation.judge.rates import Rate, rate_of
from tunesmith.files import our_records, read_json_lines
from tunesmith.rounds.agreement import Agreement, agreement
from tunesmith.rounds.bradley_terry import model_strengths
from tunesmith.rounds.vote_book import Vote
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import Shown, note_look
from tunesmith.stages.results.arena_standing import ArenaStanding
from tunesmith.stages.reviewing.arena_desk import ArenaDesk

_NAMED = 9


def arena_standing(desk: ArenaDesk) -> ArenaStanding:
    """What everybody's votes on a run's answers come to.

    Raises:
        DataError: The judge's file is damaged.
    """
    votes = desk.standing()
    people = _said_by(votes)
    preferences = read_preferences(desk.folder)
    judged = _judged(desk, preferences)
    models = model_strengths([vote.outcome for vote in votes])
    between = [_agree(one, two) for one, two in combinations(people.items(), 2)]
    standing = ArenaStanding(
        run=str(desk.folder.path),
        votes_file=str(desk.book.path),
        votes=len(votes),
        both_bad=sum(vote.choice == "both bad" for vote in votes),
        by_author=dict(Counter(vote.author for vote in votes).most_common()),
        earlier=len(desk.book.votes) - len(votes),
        pairs=len(desk.places),
        equal=desk.num_equal,
        models=models,
        between_people=[one for one in between if one.count],
        with_judge=[_agree(one, ("judge", judged)) for one in people.items()] if judged else [],
        judge=_judge_rates(preferences),
        unread=desk.book.num_unread,
    )
    if standing.judge:
        judged_models = sorted({str(one["model"]) for one in standing.judge})
        shown = Shown(scores={"win_rate": judged_models}, is_choice=False)
        note_look(desk.folder, "arena", shown=shown, only_new=True)
    return _told(standing)


def read_preferences(folder: RunFolder) -> Sequence[Preference]:
    """What the run's judge preferred, planted pairs aside."""
    path = folder.judgements("pairwise")
    if not path.is_file():
        return []
    with our_records(path):
        found = [Preference.from_json(record) for record in read_json_lines(path)]
    return [one for one in found if one.score is not None and one.calls]


def _said_by(votes: Sequence[Vote]) -> dict[str, dict[Hashable, str]]:
    """What each person said of each pair, the busiest person first."""
    found: dict[str, dict[Hashable, str]] = {}
    for vote in votes:
        pair = vote.example_id, frozenset((vote.left, vote.right))
        found.setdefault(vote.author, {})[pair] = vote.label
    return dict(sorted(found.items(), key=lambda one: -len(one[1])))


def _judged(desk: ArenaDesk, preferences: Sequence[Preference]) -> dict[Hashable, str]:
    """The same of the judge, for pairs of the arena."""
    known = {(place.row, frozenset(place.models)) for place in desk.places}
    found: dict[Hashable, str] = {}
    for one in preferences:
        pair = one.example_id, frozenset((one.model, one.opponent))
        if pair in known:
            winner = {100.0: one.model, 0.0: one.opponent}.get(one.score or 0.0, "tie")
            found[pair] = winner
    return found


def _agree(
    one: tuple[str, Mapping[Hashable, str]], two: tuple[str, Mapping[Hashable, str]]
) -> Agreement:
    return agreement(one, two, row_of=lambda pair: pair[0])


def _judge_rates(preferences: Sequence[Preference]) -> list[dict[str, Any]]:
    """The judge's win rate of each model against its opponent."""
    scores: dict[tuple[str, str], list[float]] = {}
    for one in preferences:
        scores.setdefault((one.model, one.opponent), []).append(float(one.score or 0))
    return [
        {"model": model, "opponent": other, "win_rate": rate_of(found).to_json()}
        for (model, other), found in scores.items()
    ]


def _told(standing: ArenaStanding) -> ArenaStanding:
    found = {name: getattr(standing, name) for name in standing.__slots__}
    return ArenaStanding(**{**found, "summary": tuple(arena_lines(standing))})


def arena_lines(standing: ArenaStanding) -> Iterator[str]:
    """The ranking and what it rests on, a line each."""
    people = ", ".join(f"{name} {count}" for name, count in standing.by_author.items())
    yield f"{standing.votes} votes on {standing.pairs} pairs" + (f" ({people})" if people else "")
    for one in standing.models:
        yield (
            f"  {one.model}: {one.strength:+.0f} points ({one.low:+.0f} to {one.high:+.0f}), "
            f"wins {win_share(one.win_rate)} of {one.votes} votes"
        )
    if standing.votes:
        yield "  Points are Elo's around the models' mean: 400 are odds of 10 to 1."
    yield from remark_lines(standing)


def remark_lines(standing: ArenaStanding) -> Iterator[str]:
    """What else is to be known of the votes."""
    if standing.both_bad:
        yield f"{standing.both_bad} votes say that neither answer will do; they count as ties."
    if standing.equal:
        yield f"{standing.equal} pairs are equal letter by letter and nobody is asked about them."
    for one in (*standing.between_people, *standing.with_judge):
        yield agreement_text(one)
    for rate in standing.judge[:_NAMED]:
        told = win_share(Rate(**rate["win_rate"]))
        yield (
            f"The judge, on test rows: {rate['model']} wins {told} against {rate['opponent']}. "
            "People vote on validation rows: compare the rates, not rows."
        )
    if standing.earlier:
        yield f"{standing.earlier} votes are about earlier answers or other runs; none counts here."
    if standing.unread:
        yield f"{standing.unread} lines of {standing.votes_file} are no votes and were left out."


def win_share(rate: Rate) -> str:
    """A share with its interval."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "–"
    return f"{rate.value:.0f} % ({rate.low:.0f} to {rate.high:.0f})"


def agreement_text(found: Agreement) -> str:
    """How far two agree, in a sentence."""
    names = f"{found.first} and {found.second}"
    if found.same is None:
        return f"{names} have no pair in common."
    same = f"{names} say the same of {found.same:.0f} % of {found.count} pairs"
    if found.kappa is None or found.low is None or found.high is None:
        return f"{same}; both said one thing throughout, so kappa is not defined."
    return f"{same}: kappa {found.kappa:.2f} ({found.low:.2f} to {found.high:.2f})."
