"""What a page is about: the right name or none, in READMEs and documents of every layout."""

import re
from pathlib import Path

import pytest

from tunesmith.examples.conversion.from_pages import section_examples
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import Section
from tunesmith.sources.read_source import read_source

READMES = {  # what a README says -> the name of its product; empty where none can be known
    "# Kettle\n\nIt boils.\n\n## Latest updates\n\nFaster.\n": "Kettle",
    "## Latest Updates\n\nIt is faster.\n\n## Installation\n\nRun it.\n": "",
    "# Latest Updates\n\nIt is faster.\n\n# Installation\n\n`pip install kettle`\n\n"
    "# Usage\n\nKettle boils. With Kettle you boil.\n": "Kettle",
    '<p align="center"><img src="a.png" alt="Kettle logo"></p>\n\n## News\n\nFaster.\n\n'
    "## Installation\n\n```sh\npip install kettle\n```\n": "Kettle",
    '<h1 align="center"><img alt="Kettle" src="logo.svg"></h1>\n\n'
    "[![ci](https://github.com/acme/kettle/actions/ci.svg)](https://example.org)\n\n"
    "## Table of Contents\n\n- [Install](#install)\n\n## Install\n\nRun it.\n": "Kettle",
    "# Table of contents\n\n- [Install](#install)\n\n# Install\n\n"
    "git clone https://github.com/acme/tea-pot\n\nTea Pot is a pot for tea.\n": "Tea Pot",
    "# Getting started\n\nClone it, then run it.\n\n# Overview\n\nIt boils water.\n": "",
    "# Kettle: water, boiled\n\nIt boils.\n\n## Usage\n\nSwitch it on.\n": "Kettle",
    "# 🫖 Kettle v2.1\n\nIt boils.\n": "Kettle",
    "# Welcome to Kettle\n\nIt boils.\n\n## Setup\n\nPlug it in.\n": "Kettle",
    "# 最新更新\n\n更快了。\n\n# 安装\n\n`pip install kettle`\n\n"
    "Kettle 是一个水壶。用 Kettle 烧水。\n": "Kettle",
    "# Содержание\n\n- [Установка](#a)\n\n# Установка\n\nЗапустите программу.\n": "",
    "# Building the future of water\n\nWe boil it.\n\n## Features\n\nFast.\n": "",
    "Kettle\n======\n\nIt boils.\n\nInstall\n-------\n\nnpm install -g @acme/kettle\n": "Kettle",
    "# acme/kettle\n\nIt boils.\n\n## License\n\nMIT\n": "kettle",
    "## Usage\n\n```sh\npip install gradio\n```\n": "",
    "# Quick Start\n\nGit is a tool. Use Git with care. With Git it runs.\n": "",
    "# Quick Start\n\n```sh\ndocker run acme/kettle\ndocker ps\ndocker logs\n```\n\n"
    "Docker is a tool. Use Docker with care. With Docker it runs.\n": "",
}
PAGES = [  # file, content, name
    (
        "setup.md",
        "# Setup\n\n```sh\npip install kettle\n```\n\nNow Kettle runs, and Kettle stops.\n",
        "Kettle",
    ),
    ("billing.md", "# Billing\n\nWe send a bill. You pay it.\n", ""),
    (
        "a.html",
        "<title>Install — Kettle 2.1 documentation</title><h1>Install</h1><p>Run it.</p>",
        "Kettle",
    ),
    (
        "a.html",
        "<meta property='og:site_name' content='Kettle Docs'><h1>Install</h1><p>Go.</p>",
        "Kettle",
    ),
    ("a.html", "<title>Fees | Kettle Help Center</title><h1>Fees</h1><p>None.</p>", "Kettle"),
    ("a.html", "<title>Space : Page</title><h1>Space : Page</h1><p>Words of it.</p>", ""),
    ("a.rst", "Changelog\n=========\n\nFaster.\n", ""),
]
GENERIC = re.compile(r"latest|updates?|news|contents|started|overview|install|usage|readme", re.I)


def subjects(folder: Path, name: str, content: str) -> set[str]:
    (folder / name).write_text(content, encoding="utf-8")
    items = read_source(SourceRecipe(path=name, kind="document"), folder=folder)
    return {item.subject for item in items if isinstance(item, Section)}


@pytest.mark.parametrize(("content", "name"), READMES.items())
def test_a_readme_is_about_its_product_or_nothing(tmp_path: Path, content: str, name: str) -> None:
    assert subjects(tmp_path, "README.md", content) == {name}


@pytest.mark.parametrize(("file", "content", "name"), PAGES)
def test_a_page_is_about_its_product_or_nothing(
    tmp_path: Path, file: str, content: str, name: str
) -> None:
    assert subjects(tmp_path, file, content) == {name}


def test_the_file_of_a_readme_names_its_product(tmp_path: Path) -> None:
    content = "## Latest updates\n\nFaster.\n\n## Usage\n\nKettle boils. Use Kettle.\n"
    assert subjects(tmp_path, "acme+kettle_README.md", content) == {"Kettle"}


REAL = {  # the name by which each is known
    "readme": {"karpathy+nanoGPT": "nanoGPT", "lm-sys+FastChat": "FastChat", "simonw+llm": "LLM"},
    "docs_md": {"llm_": "LLM"},
    "docs_html": {"expat_": "Expat", "vorbis_": "Ogg Vorbis"},
}


def test_questions_about_real_documents_name_the_right_product_or_none(shared_data: Path) -> None:
    wrong, missing, num_questions = [], [], 0
    for kind, names in REAL.items():
        for path in sorted((shared_data / kind).iterdir()):
            right = next(name for start, name in names.items() if path.name.startswith(start))
            for item in read_source(SourceRecipe(path=f"{kind}/{path.name}"), folder=shared_data):
                if not isinstance(item, Section):
                    continue
                questions = [one.messages[0].content for one in section_examples(item)]
                num_questions += len(questions)
                wrong += [one for one in questions if item.subject not in ("", right)]
                missing += [one for one in questions if not item.subject]
    assert num_questions > 150
    assert wrong == []
    assert missing == []
