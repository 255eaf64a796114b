"""Pages built of every construct, each place with a word of its own -> each word found once.

A reader is a partition: a word stands in material, among what was dropped, or among what was not
read, and in one of them only.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages import left_over as account
from tunesmith.sources.pages import pages
from tunesmith.sources.pages.pages import PageKind
from tunesmith.sources.row import Dropped, NotRead

# Each @ becomes a word that stands nowhere else.
CONSTRUCTS: dict[str, list[str]] = {
    "md": [
        "Plain @ text with *@* and `@`.",
        "- @\n- @ and @\n    - @",
        "1. @\n2. @",
        "- [ ] @\n- [x] @",
        "> @\n> @",
        "> [!NOTE]\n> @",
        "> [!info]- @\n> @",
        '```python title="@"\n@\n```',
        "~~~\n@\n~~~",
        "| @ | @ |\n|---|---|\n| @ | @ |",
        "::: tip\n@\n:::",
        ":::note\n\n@\n\n:::",
        ":::warning[@]\n@\n:::",
        "::: details @\n@\n:::",
        ":::danger @\n@\n:::",
        '::: {.callout-tip title="@"}\n@\n:::',
        ":::{admonition} @\n:class: tip\n@\n:::",
        "::::{tab-set}\n:::{tab-item} @\n@\n:::\n::::",
        '!!! note "@"\n    @\n\n    - @',
        "!!! tip\n    @",
        '??? question "@"\n    @',
        '=== "@"\n\n    @\n\n=== "@"\n\n    ```sh\n    @\n    ```',
        '{% hint style="info" %}\n@\n{% endhint %}',
        '{% tabs %}\n{% tab title="@" %}\n@\n{% endtab %}\n{% endtabs %}',
        "{{< note >}}\n@\n{{< /note >}}",
        '{{% alert title="@" color="warning" %}}\n@\n{{% /alert %}}',
        '{{< details "@" >}}\n@\n{{< /details >}}',
        '{{< figure src="a.png" caption="@" >}}',
        "{% comment %}\n@\n{% endcomment %}",
        '@ {% include note.html content="@" %} @',
        "{{ @ }}",
        "<details><summary>@</summary>\n\n@\n\n</details>",
        '<div align="center">@ <b>@</b></div>',
        "<!-- @ -->",
        "<!--\n@\n\n@\n-->",
        "@ <!-- @ --> @",
        '![@](a.png "@")',
        '<img src="a.png" alt="@">',
        '<figure><img src="a.png" alt="@"><figcaption>@</figcaption></figure>',
        '[@](https://example.org "@") and [@](other.md)',
        '[@][ref] @\n\n[ref]: https://example.org "@"',
        "@[^1] @\n\n[^1]: @",
        "[^2]: @ @",
        "@\n: @",
        "@\n\n: @\n\n    @",
        "$$\n@ = \\frac{.5}{@}\n$$",
        "```{note} @\n:class: tip\n@\n```",
        "```{code-block} python\n@\n```",
        "```{unknown} @\n@\n```",
        "```{toctree}\n@\n```",
        "```{eval-rst}\n.. note:: @\n```",
        "<noscript>@</noscript>",
        "<template>@</template>",
        '<iframe src="a">@</iframe>',
        "<svg><title>@</title><text>@</text></svg>",
        "<script>@</script>",
        '<Tabs>\n<TabItem value="a" label="@">\n\n@\n\n</TabItem>\n</Tabs>',
        '<Card title="@" description="@" href="/a" />',
        '<Card\n  title="@"\n  href="/b"\n>\n@\n</Card>',
        "import @ from '@theme/@'",
        "### @\n\n@",
        "### @",
        "@\n---\n\n@",
        "    @\n    @",
        "[TOC]",
        "- [@](#a)\n- [@](b.md)",
        "## @ {#an-id}\n\n@ {.class}",
        "@  \n@",
        "***\n\n@",
        "H~@~O and ==@== and ~~@~~ and <kbd>@</kbd>",
    ],
    "rst": [
        "Plain @ text with *@*, **@** and ``@``.",
        "* @\n* @\n\n  * @",
        "#. @\n#. @",
        ".. code-block:: bash\n   :linenos:\n   :caption: @\n\n   @",
        ".. code-block:: bash\n\n   @",
        ".. code:: python\n   :number-lines:\n\n   @",
        ".. prompt:: bash $\n\n   @",
        ".. parsed-literal::\n\n   @",
        ".. literalinclude:: @.py\n   :language: python",
        ".. tip:: @",
        ".. admonition:: @\n\n   @",
        ".. admonition:: @\n   :class: tip\n\n   @",
        ".. note::\n   :collapsible:\n\n   @",
        ".. tabs::\n\n   .. tab:: @\n\n      @\n\n   .. tab:: @\n\n      @",
        ".. tab-set::\n\n   .. tab-item:: @\n      :sync: a\n\n      @\n\n      * @",
        ".. dropdown:: @\n   :open:\n\n   @",
        ".. grid:: 2\n\n   .. grid-item-card:: @\n      :link: a\n\n      @",
        ".. figure:: a.png\n   :alt: @\n\n   @\n\n   @",
        ".. image:: a.png\n   :alt: @",
        '.. csv-table:: @\n   :header: "@", "@"\n\n   "@", "@"',
        ".. list-table:: @\n   :header-rows: 1\n\n   * - @\n     - @\n   * - @\n     - @",
        ".. deprecated:: 1.2\n   @",
        ".. versionadded:: 2.0\n   @ :ref:`@ <b>` @",
        ".. seealso:: @",
        ".. unknown-thing:: @\n   :option: @\n\n   @\n\n   @",
        ".. unknown-thing::\n\n   @",
        ".. py:function:: @(a, b)\n\n   @\n\n   :param @: @",
        ".. automodule:: @\n   :members:",
        ".. only:: html\n\n   @",
        ".. glossary::\n\n   @\n      @",
        ".. topic:: @\n\n   @",
        ".. sidebar:: @\n\n   @",
        ".. rubric:: @",
        ".. math::\n\n   @ + @",
        ".. raw:: html\n\n   <b>@</b>",
        ".. include:: @.rst",
        ".. index:: @",
        ".. toctree::\n   :maxdepth: 2\n   :caption: @\n\n   @",
        ".. container:: a\n\n   @",
        ".. epigraph::\n\n   @\n\n   -- @",
        ".. @ is a comment\n   of @",
        "..\n   @",
        ".. |name| replace:: @",
        ".. [1] @",
        ".. [@] @",
        "@ [#]_ @\n\n.. [#] @",
        ":@: @\n:@: @",
        "@\n    @",
        "@ : @\n    @",
        "-a, --@  @",
        "| @\n| @",
        "    @\n\n    -- @",
        "@::\n\n    @",
        ">>> @\n@",
        "=====  =====\n@      @\n=====  =====\n@      @\n=====  =====",
        "+-----+\n| @ |\n",
        ":doc:`@ <a/b>` and :kbd:`@` and :unknown:`@` and `@ <https://example.org>`_",
        "@\n~~~~\n\n@",
        "__ https://example.org/a\n\n@",
        ".. _a-target:\n\n@",
        ".. meta::\n   :description: @",
        ".. role:: red\n\n@ :red:`@`",
    ],
    "html": [
        "<p>@ <b>@</b> @<sub>@</sub></p>",
        "@ loose text",
        "<ul><li>@</li><li><p>@</p><ul><li>@</li></ul></li></ul>",
        "<ol><li>@<li>@</ol>",
        "<table><caption>@</caption><tr><th>@</th></tr><tr><td>@</td></tr></table>",
        "<pre><code class='language-sh'>@</code></pre>",
        "<blockquote><p>@</p></blockquote>",
        "<dl><dt>@</dt><dt>@</dt><dd>@</dd><dd>@</dd></dl>",
        "<dl><div><dt>@</dt><dd><p>@</p><p>@</p></dd></div></dl>",
        "<dl>@<dt>@<p>@</p></dt><dd>@</dd></dl>",
        "<details><summary>@</summary>@<p>@</p></details>",
        "<figure><img src='a' alt='@' title='@'><figcaption>@</figcaption></figure>",
        "<h3>@</h3><p>@</p>",
        "<h3>@ <a class='headerlink' href='#a' title='@'>¶</a></h3><p>@</p>",
        "<h3>@",
        "<h4>@</h4>",
        "<div role='heading' aria-level='3'>@</div>@",
        "<nav><a href='a'>@</a></nav>",
        "<aside>@</aside>",
        "<aside class='note'><p>@</p></aside>",
        "<div class='sidebar'><p>@</p></div>",
        "<div class='admonition note'><p class='admonition-title'>@</p><p>@</p></div>",
        "<footer>@</footer>",
        "<script>var a = '@'</script>",
        "<style>.@ {}</style>",
        "<noscript>@</noscript>",
        "<template><p>@</p></template>",
        "<iframe title='@'>@</iframe>",
        "<svg><title>@</title><text>@</text></svg>",
        "<select><option>@</option></select><input placeholder='@'>",
        "<label>@</label><textarea>@</textarea>",
        "<button>@</button>",
        "<button aria-expanded='false'>@</button><div class='panel'>@</div>",
        "<div class='faq-question'>@</div><div class='faq-answer'>@</div>",
        "<!-- @ -->",
        "<p>@ <!-- @ --> @</p>",
        "<math><mi>@</mi></math>",
        "<p><a href='a' title='@'>@</a> @</p>",
        "<section><header><h3>@</h3></header><div>@</div></section>",
        "<center>@<hr>@</center><address>@</address>",
        "<video><track label='a'>@</video>",
        "<custom-element>@<p>@</p></custom-element>",
        "<ul><li><button aria-expanded='true'>@</button><div class='content'>@</div></li></ul>",
        "<form><fieldset><legend>@</legend><p>@</p></fieldset></form>",
        "<p>@<br>@</p>",
        "<abbr title='@'>@</abbr>",
    ],
    "txt": [
        "@ and @\n@",
        "- @\n- @",
        "1. @\n2. @",
        "@ @\n=====\n\n@",
        "@ AND @\n\n@",
        "2.1 @\n\n@",
        "=======\n@\n=======\n\n@",
        "    @",
        "Q: @?\nA: @",
        "@?\n@",
        "-----",
        "@:\n@ -- @",
        "Name:  @\tValue: @",
        "* * *\n@",
        "> @",
    ],
}
HEADS = {
    "md": [
        "# @\n\n@",
        "---\ntitle: @\ntags: [@]\n---\n\n# @",
        "# @",
        "@",
        '<h1 align="center">@</h1>',
    ],
    "rst": ["@\n====\n\n@", "@\n====", ":orphan:\n\n@\n===="],
    "html": [
        "<html><head><title>@</title><meta name='description' content='@'></head><body><h1>@</h1>",
        "<html><body><header><a href='/'>@</a></header><main><h1>@</h1><p>@</p></main>",
        "<html><title>@</title><body>",
    ],
    "txt": ["@\n====", "@"],
}
SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def whole_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was dropped is shown whole here, not its beginning."""
    monkeypatch.setattr("tunesmith.sources.row.excerpt", str)


def marked(text: str) -> tuple[str, list[str]]:
    """A page with a word of its own in each place, and those words."""
    words: list[str] = []

    def word(_: re.Match[str]) -> str:
        number = len(words)
        letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
        words.append(f"Zq{letters}x")
        return words[-1]

    return re.sub(r"@(?!theme)", word, text), words


def words_of(piece: object) -> list[str]:
    """The words of a piece."""
    if isinstance(piece, Section):
        text = "\n".join([*piece.headings, piece.text])
    elif isinstance(piece, AnsweredQuestion):
        text = "\n".join([*piece.headings, piece.question, piece.answer])
    else:
        assert isinstance(piece, Dropped | NotRead)
        text = piece.text
    return re.findall(r"Zq[a-j]{3}x", text, re.IGNORECASE)


def places(folder: Path, suffix: str, content: str, kind: PageKind) -> dict[str, set[str]]:
    """For each word of a page, in which of the lists it stands."""
    path = folder / f"page.{suffix}"
    path.write_text(content, encoding="utf-8")
    found: dict[str, set[str]] = {}
    for piece in pages.read_page(path, path.name, kind):
        name = type(piece).__name__ if isinstance(piece, Dropped | NotRead) else "material"
        for word in words_of(piece):
            found.setdefault(word.capitalize(), set()).add(name)
    return found


@st.composite
def page_texts(draw: st.DrawFn, suffix: str) -> str:
    head = draw(st.sampled_from(HEADS[suffix]))
    parts = draw(st.lists(st.sampled_from(CONSTRUCTS[suffix]), min_size=1, max_size=6))
    return "\n\n".join([head, *parts]) + "\n"


def check(folder: Path, suffix: str, text: str, kind: PageKind) -> None:
    content, words = marked(text)
    found = places(folder, suffix, content, kind)
    counts = {word: sorted(found.get(word.capitalize(), set())) for word in words}
    assert [word for word, names in counts.items() if len(names) != 1] == [], (content, counts)


@pytest.mark.parametrize("kind", ["document", "faq"])
@pytest.mark.parametrize(
    ("suffix", "construct"),
    [(suffix, one) for suffix, constructs in CONSTRUCTS.items() for one in constructs],
)
def test_every_word_of_a_construct_is_somewhere_once(
    tmp_path: Path, suffix: str, construct: str, kind: PageKind
) -> None:
    for head in HEADS[suffix]:
        check(tmp_path, suffix, f"{head}\n\n{construct}\n", kind)


UNKNOWN = {"<dl>@<dt>@<p>@</p></dt><dd>@</dd></dl>"}  # a text that stands in no term


@pytest.mark.parametrize(
    ("suffix", "construct"),
    [(suffix, one) for suffix, some in CONSTRUCTS.items() for one in some if one not in UNKNOWN],
)
def test_every_known_construct_is_understood(tmp_path: Path, suffix: str, construct: str) -> None:
    path = tmp_path / f"page.{suffix}"
    path.write_text(marked(f"{HEADS[suffix][0]}\n\n{construct}\n")[0], encoding="utf-8")
    pieces = list(pages.read_page(path, path.name, "document"))
    unknown = [one.text for one in pieces if getattr(one, "reason", "") == "not understood"]
    assert unknown == []


@pytest.mark.parametrize("kind", ["document", "faq"])
@pytest.mark.parametrize("suffix", CONSTRUCTS)
def test_every_word_of_a_page_is_somewhere_once(
    tmp_path: Path, suffix: str, kind: PageKind
) -> None:
    @given(page_texts(suffix))
    @SETTINGS
    def holds(text: str) -> None:
        check(tmp_path, suffix, text, kind)

    holds()


def test_a_loss_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "left_over", lambda *_: iter(()))
    with pytest.raises(AssertionError):
        check(tmp_path, "md", "# @\n\n@\n\n<!-- @ -->\n", "document")
    assert Counter(account._words("eins zwei zwei")) == {"eins": 1, "zwei": 2}
