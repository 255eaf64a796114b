"""Account and card numbers are known by the checksums and lengths of every country."""

import re
from collections import Counter

import pytest
from stdnum import numdb

from tests.examples.splitting import planted
from tunesmith.examples.redaction.bank_numbers import hide_accounts, hide_cards

SAMPLE = {"n": "7294061538", "a": "KXQBAW", "c": "4Z8R1M"}
STRUCTURES = {
    country: properties["bban"] for _, country, _, properties, _ in numdb.get("iban").prefixes
}
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def account(structure: str) -> str:
    """A made-up account of the form that the registry gives, such as `8!n10!n`."""
    parts = re.findall(r"(\d+)!([nac])", structure)
    return "".join((SAMPLE[kind] * 30)[: int(count)] for count, kind in parts)


@pytest.mark.parametrize("country", sorted(STRUCTURES))
def test_ibans_of_every_country_of_the_registry_are_hidden(country: str) -> None:
    iban = planted.iban(country, account(STRUCTURES[country]))
    for text in (iban, planted.in_fours(iban), iban.lower(), planted.in_fours(iban, "\u00a0")):
        assert hide_accounts(f"to {text}, please") == ("to [iban], please", 1)
    wrong = iban[:2] + f"{(int(iban[2:4]) + 1) % 100:02d}" + iban[4:]
    for text in (wrong, iban + "A", iban[:-1]):
        assert "[iban]" not in hide_accounts(text)[0]


def test_accounts_of_costa_rica_are_hidden_in_the_former_length_too() -> None:
    for length in (17, 18):
        iban = planted.in_fours(planted.iban("CR", "01520200102628406612"[:length]))
        assert hide_accounts(f"{iban} 12 items")[0] == "[iban] 12 items"


def test_a_country_without_ibans_has_none() -> None:
    iban = planted.iban("US", "729406153872940615")
    assert hide_accounts(iban) == (iban, 0)


@pytest.mark.parametrize("script", [ARABIC, WIDE])
def test_digits_of_other_scripts_are_the_same_numbers(script: dict[int, str]) -> None:
    texts = ["032180000118359719", "539-0075470-34", "2100 0418 45 0200051332"]
    for text in texts:
        assert hide_accounts(text.translate(script)) == ("[account]", 1)
    card = planted.cards()[0]
    assert hide_cards(card[:4] + card[4:].translate(script)) == ("[card]", 1)
    assert hide_cards(card.translate(script)) == ("[card]", 1)


def test_a_spanish_account_with_another_check_digit_stays() -> None:
    counts = Counter(hide_accounts(f"2100 0418 {check:02d} 0200051332")[1] for check in range(100))
    assert counts == Counter({0: 99, 1: 1})


def test_routing_numbers_count_behind_their_name_only() -> None:
    assert hide_accounts("ABA: 021000021") == ("ABA: [account]", 1)
    for text in ("ABA: 021000022", "ABA: 000000000", "number 021000021"):
        assert hide_accounts(text) == (text, 0)
