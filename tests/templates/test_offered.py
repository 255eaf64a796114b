"""Templates of installed packages: tried first, named in contracts, refused when they changed."""

import sys
from pathlib import Path

import pytest

from tests.packages import CHAT, install, layout_code
from tests.templates.texts import TEXTS
from tunesmith.errors import MissingError, RefusedError, TunesmithError
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import find_template, template_from_contract


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("other-jinja", layout_code("other-jinja", jinja="instruction"), "in Jinja"),
        ("no-jinja", layout_code("no-jinja", jinja="1 +"), "not a valid Jinja"),
        (
            "forgetful",
            layout_code("forgetful").replace("(given, True), ", ""),
            "as content",
        ),
        (
            "careless",
            layout_code("careless").replace("return [", "return 5 / 0, ["),
            "ZeroDivisionError",
        ),
    ],
)
def test_a_layout_is_tried_before_it_is_used(site: Path, name: str, code: str, words: str) -> None:
    install(site, f"lay-{name}", "templates", code, **{name: "L"})
    with pytest.raises(TunesmithError, match=words) as caught:
        find_template(TemplateRecipe(name=name), TEXTS)
    assert f"lay-{name} 1.0" in str(caught.value)


def test_a_model_tuned_with_a_layout_needs_its_package(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(site, "lay-asking", "templates", layout_code("asking"), asking="L")
    contract = find_template(TemplateRecipe(name="asking"), TEXTS).contract
    assert contract["plugin"]["distribution"] == "lay-asking"
    assert contract["plugin"]["version"] == "1.0"
    assert template_from_contract(contract, TEXTS).contract == contract
    monkeypatch.setattr(sys, "path", [part for part in sys.path if part != str(site)])
    with pytest.raises(MissingError, match=r"lay-asking 1\.0.*pip install lay-asking==1\.0"):
        template_from_contract(contract, TEXTS)
    assert path.exists()


def test_a_layout_that_writes_other_text_now_is_refused(site: Path) -> None:
    install(site, "lay-changing", "templates", layout_code("changing"), changing="L")
    contract = find_template(TemplateRecipe(name="changing"), TEXTS).contract
    contract["plugin"] = {**contract["plugin"], "version": "0.9"}
    assert template_from_contract(contract, TEXTS).contract == contract  # it writes the same
    contract["plugin"] = {**contract["plugin"], "layout": "of another text"}
    with pytest.raises(RefusedError, match=r"lay-changing 1\.0 writes other text.*0\.9"):
        template_from_contract(contract, TEXTS)


@pytest.mark.parametrize("evil", ["x; rm -rf ~", "a b", "", "--index-url=http://x", None, 5])
def test_a_contract_cannot_put_words_into_our_mouth(evil: object) -> None:
    contract = {
        **find_template(TemplateRecipe(name="alpaca"), TEXTS).contract,
        "name": "made-up",
        "plugin": {"distribution": evil, "version": "1.0 && x", "layout": "y"},
    }
    with pytest.raises(TunesmithError, match="not a rendering contract"):
        template_from_contract(contract, TEXTS)


def test_a_model_tuned_with_a_chat_template_carries_its_text(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "chat-plain", "templates", CHAT.format(name="bracket"), bracket="C")
    contract = find_template(TemplateRecipe(name="bracket"), TEXTS).contract
    assert contract["plugin"] == {"distribution": "chat-plain", "version": "1.0"}
    monkeypatch.setattr(sys, "path", [part for part in sys.path if part != str(site)])
    assert template_from_contract(contract, TEXTS).contract == contract
