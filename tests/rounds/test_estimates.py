"""The intervals hold what they promise, and picks and proposals do what they are for."""

import numpy as np
import pytest

from tunesmith.rounds.kind_check import CheckedAnswer, KindCheck
from tunesmith.rounds.prevalence import CheckQuality, check_quality, corrected_rate
from tunesmith.rounds.proposed_check import Label, is_measured_on, proposed_check, quality_of
from tunesmith.rounds.review_order import Candidate, PickOrder
from tunesmith.rounds.unseen_kinds import saturation, unseen_interval

KINDS = {
    "equal": np.ones(8), "many": 1 / np.arange(1, 101), "few": np.array([9.0, 1.0]),
    "falling": 0.6 ** np.arange(12), "steep": 1 / np.arange(1, 50) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("count", [20, 50, 100])
def test_the_chance_of_something_new_lies_in_its_interval(name: str, count: int) -> None:
    rng = np.random.default_rng(1)
    chances = KINDS[name] / KINDS[name].sum()
    covered = 0
    for _ in range(300):
        seen = np.bincount(rng.choice(len(chances), count, p=chances), minlength=len(chances))
        low, high = unseen_interval(int((seen == 1).sum()), int((seen == 2).sum()), count)
        covered += low - 1e-12 <= chances[seen == 0].sum() <= high
    assert covered >= 270


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.3])
@pytest.mark.parametrize(("true", "false"), [(0.9, 0.03), (0.8, 0.1), (0.99, 0.01)])
def test_the_corrected_rate_lies_in_its_interval(rate: float, true: float, false: float) -> None:
    rng = np.random.default_rng(2)
    covered = tried = wrong = 0
    for _ in range(600):
        kind = int(rng.binomial(150, rate))
        found, mistaken = int(rng.binomial(kind, true)), int(rng.binomial(150 - kind, false))
        quality = CheckQuality(
            num_kind=kind, num_found=found, num_other=150 - kind, num_false=mistaken
        )
        if quality.is_known:
            hits = int(rng.binomial(400, rate * true + (1 - rate) * false))
            point, low, high = corrected_rate(hits, 400, quality)
            assert low <= point <= high
            tried += 1
            covered += low <= 100 * rate <= high
            wrong += not (low <= 100 * hits / 400 <= high)
    assert covered >= 0.93 * tried
    assert tried > 300


def test_what_the_check_finds_is_not_taken_for_what_is_there() -> None:
    quality = CheckQuality(num_kind=50, num_found=40, num_other=100, num_false=20)
    point, _, _ = corrected_rate(260, 1000, quality)
    assert point == pytest.approx(10.0)
    assert not check_quality([(True, True), (False, None)]).is_known


def test_the_meter_counts_what_is_new() -> None:
    met = saturation(["a"] * 10 + ["b"] * 12 + ["c", "d"])
    assert (met.num_seen, met.num_kinds, met.num_new) == (24, 4, 3)
    assert met.unseen == pytest.approx(100 * 2 / 24)
    assert met.num_unseen == 1
    assert saturation([]).high == 100


def answered(text: str, reference: str) -> CheckedAnswer:
    return CheckedAnswer(
        question="q", text=text, reference=reference, scores={"chrf": 100.0 * (text == reference)}
    )


def test_picks_find_rare_kinds_before_more_of_the_same() -> None:
    plain = [Candidate(id=f"{n:03}", answered=answered(f"w{n}", f"w{n}")) for n in range(200)]
    common = [
        Candidate(id=f"c{n:03}", answered=answered(f"{n} dollars", f"{n} euros")) for n in range(60)
    ]
    rare = [
        Candidate(id="capital", answered=answered("SPORT", "sport")),
        Candidate(id="list", answered=answered("a rope", "a rope, a bat, a coin")),
        Candidate(id="foreign", answered=answered("Der Hund schläft", "The dog sleeps")),
    ]
    order = PickOrder([*plain, *common, *rare])
    picked: list[str] = []
    for _ in range(10):
        row = order.next()
        assert row is not None
        picked.append(row)
        order.saw(row)
    assert {"capital", "list", "foreign"} <= {*picked}
    assert len({*picked}) == 10


def labels(wrong: str, right: str, number: int = 30) -> list[Label]:
    made = []
    for n in range(number):
        is_kind = n % 3 == 0
        text = (wrong if is_kind else right).format(n=n)
        made.append(Label(id=f"{n}", is_kind=is_kind, answered=answered(text, right.format(n=n))))
    return made


@pytest.mark.parametrize(
    ("wrong", "right", "rule"),
    [
        ("It costs {n} dollars.", "It costs {n} euros.", "dollars"),
        ("Wait {n} days.", "Please wait {n} days.", "please"),
        ("ANSWER {n}", "answer {n}", "capitals"),
        ("{n}", "{n} apples and pears and plums", None),
    ],
)
def test_a_check_is_proposed_and_measured_on_other_rows(
    wrong: str, right: str, rule: str | None
) -> None:
    made = labels(wrong, right)
    check = proposed_check(made)
    assert check is not None
    assert check.is_proposed
    assert rule is None or rule in (check.value, check.rule, "euros")
    quality = quality_of(check, made)
    assert quality.num_kind == sum(one.is_kind and is_measured_on(one.id) for one in made)
    assert quality.true_rate - quality.false_rate > 0.9


def test_nothing_is_proposed_where_nothing_tells_the_kind() -> None:
    rng = np.random.default_rng(0)
    words = ["ant", "bee", "cow", "dog", "emu", "fox"]
    for _ in range(20):
        made = [
            Label(
                id=str(n),
                is_kind=bool(rng.random() < 0.3),
                answered=answered(" ".join(rng.choice(words, 3)), " ".join(rng.choice(words, 3))),
            )
            for n in range(40)
        ]
        assert proposed_check(made) is None
    assert proposed_check([]) is None


def test_a_written_check_is_measured_on_all_rows() -> None:
    made = labels("It costs {n} dollars.", "It costs {n} euros.")
    assert quality_of(KindCheck(rule="contains", value="dollars"), made).num_kind == 10
