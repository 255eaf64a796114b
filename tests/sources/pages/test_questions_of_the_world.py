"""Questions in many scripts, with and without their marks; accordions of every make."""

from pathlib import Path

import pytest

from tests.sources.reading import read_content
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.pages.question_text import asks
from tunesmith.sources.read_source import explain_source
from tunesmith.sources.row import Dropped

ASKING = """
ar أين المفتاح؟|المفتاح هنا؟|كيف أدفع الفاتورة|متى يصل الطرد؟|هل يمكنني الإلغاء|لماذا تأخر الطلب
fa چگونه پرداخت کنم؟|چطور ثبت نام کنم|آیا ارسال رایگان است
ur میں ادائیگی کیسے کروں؟|کیا میں منسوخ کر سکتا ہوں
el Πού είναι το κλειδί;|Είναι εδώ;|Είναι εδώ\u037e|Πώς πληρώνω;|Πώς πληρώνω με κάρτα
he איפה המפתח?|איך משלמים|מתי מגיעה החבילה|האם אפשר לבטל
hy Որտե՞ղ է բանալին|Բանալին այստե՞ղ է|Ինչպե՞ս վճարել|Ինչպես կարող եմ վճարել
am ቁልፉ የት ነው፧|ቁልፉ እዚህ ነው፧|እንዴት መክፈል እችላለሁ
hi चाबी कहाँ है?|पासवर्ड कैसे बदलें|क्या मैं रद्द कर सकता हूँ
bn আমি কিভাবে টাকা দেব|চাবি কোথায়?
ta நான் எப்படி செலுத்துவது|சாவி எங்கே?
ru Где ключ?|Как оплатить заказ|Можно ли отменить заказ|Сколько стоит доставка
uk Як оплатити замовлення|Де мій ключ?
zh 怎么退货|运费多少|钥匙在哪里？
ja 鍵はどこですか|どうやって支払いますか|返品できますか？
ko 열쇠는 어디에 있나요|어떻게 결제합니까|배송은 얼마나 걸리나요?
th กุญแจอยู่ที่ไหน|จ่ายเงินอย่างไร|ยกเลิกได้ไหม
km តើកូនសោនៅឯណា?|ខ្ញុំបង់ប្រាក់យ៉ាងដូចម្តេច
my ဘယ်လို ငွေပေးချေရမလဲ|သော့ ဘယ်မှာလဲ
ka როგორ გადავიხადო|სად არის გასაღები?
es ¿Dónde está la llave?|¿Cómo pago|Cómo pago con tarjeta|Cuánto cuesta el envío
fr Où est la clé ?|Comment puis-je payer|Est-ce que je peux annuler|Combien coûte la livraison
de Wo ist der Schlüssel?|Wie kann ich bezahlen|Kann ich stornieren|Was kostet der Versand
it Dove si trova la chiave|Come posso pagare|Quanto costa la spedizione
pt Onde está a chave|Como posso pagar|Quanto custa o envio
nl Waar is de sleutel|Hoe kan ik betalen
pl Gdzie jest klucz|Jak mogę zapłacić|Czy mogę anulować
tr Anahtar nerede|Nasıl ödeme yaparım|Siparişi iptal edebilir miyim
vi Làm thế nào để thanh toán|Tại sao đơn hàng chậm
id Bagaimana cara membayar|Di mana kuncinya
en Where is the key|How do I pay|Can I cancel my order？
"""
TELLING = """
Comment encoding|Was built in 1931|AI models|Samba|Installation|Model weights; see below|MBA
المفتاح في الدرج|من نحن|Πληρωμές|Το κλειδί|תשלומים|Оплата заказа|Что-то|付款方式|送料について
결제 방법|การชำระเงิน|ការបង់ប្រាក់|Zahlung|Pagos|Paiement|Overview of queries|भुगतान|Արքայ
Whoever pays|Whatever|Howto|Come back soon|Die Lieferung|Como regla|As is|Se envía hoy
"""
QUESTIONS = [
    (line.split(" ", 1)[0], one)
    for line in ASKING.encode().decode("utf-8").replace("\\u037e", "\u037e").strip().split("\n")
    for one in line.split(" ", 1)[1].split("|")
]


@pytest.mark.parametrize(("language", "question"), QUESTIONS)
def test_a_question_of_any_script_asks(language: str, question: str) -> None:
    assert asks(question), language


@pytest.mark.parametrize("line", TELLING.strip().replace("\n", "|").split("|"))
def test_a_line_that_tells_does_not_ask(line: str) -> None:
    assert not asks(line)


@pytest.mark.parametrize("form", ["## {}\n\n{}.\n", "**{}**\n\n{}.\n", "<h3>{}</h3>\n<p>{}.</p>\n"])
@pytest.mark.parametrize("language", sorted({one for one, _ in QUESTIONS}))
def test_a_page_of_questions_in_any_script_is_a_faq(
    tmp_path: Path, language: str, form: str
) -> None:
    asked = [question for one, question in QUESTIONS if one == language]
    content = "\n".join(form.format(one, f"Answer{n}") for n, one in enumerate(asked))
    items = read_content(tmp_path, "a.md", content.encode(), kind="faq")
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [(one, f"Answer{n}.") for n, one in enumerate(asked)]
    assert explain_source(SourceRecipe(path="a.md"), folder=tmp_path).kind == "faq"


PAIRS = [
    ("How do I log in?", "Use the key."),
    ("Where is the bill?", "In the mail."),
    ("Can I cancel?", "Yes, by letter."),
]
ACCORDIONS = {
    "plain button": "<div><button>{q}</button><div><p>{a}</p></div></div>",
    "button with aria": "<button aria-expanded='false' aria-controls='p'>{q}</button>"
    "<div id='p' hidden>{a}</div>",
    "button in a heading": "<h2 class='accordion-header'><button class='accordion-button' "
    "data-bs-toggle='collapse'>{q}</button></h2><div class='accordion-collapse'><div "
    "class='accordion-body'>{a}</div></div>",
    "button type submit in a list": "<li><button type='button'>{q}<svg><path/></svg></button>"
    "<div class='answer'>{a}</div></li>",
    "details": "<details><summary>{q}</summary><p>{a}</p></details>",
    "details with a heading": "<details><summary><h3>{q}</h3></summary><div>{a}</div></details>",
    "bootstrap 3": "<div class='panel'><div class='panel-heading'><h4 class='panel-title'><a "
    "data-toggle='collapse' href='#a'>{q}</a></h4></div><div class='panel-collapse'>"
    "<div class='panel-body'>{a}</div></div></div>",
    "Confluence": "<div class='expand-container'><div class='expand-control'><span class="
    "'expand-control-icon'></span><span class='expand-control-text'>{q}</span></div><div class="
    "'expand-content expand-hidden'>{a}</div></div>",
    "elementor": "<div class='elementor-accordion-item'><div class='elementor-tab-title' "
    "role='button' aria-expanded='false'><span class='elementor-accordion-icon'></span>"
    "<a class='elementor-accordion-title' href=''>{q}</a></div>"
    "<div class='elementor-tab-content' role='region'><p>{a}</p></div></div>",
    "heading and div": "<h3>{q}</h3><div>{a}</div>",
    "role button": "<div role='button' tabindex='0'>{q}</div><div class='panel'>{a}</div>",
    "role heading": "<div role='heading' aria-level='3'>{q}</div><div>{a}</div>",
    "class question": "<div class='faq-item'><div class='faq-question'><p>{q}</p></div>"
    "<div class='faq-answer'><p>{a}</p></div></div>",
    "microdata": "<div itemscope itemprop='mainEntity' itemtype='https://schema.org/Question'>"
    "<span itemprop='name'>{q}</span><div itemprop='acceptedAnswer'><div itemprop='text'>{a}"
    "</div></div></div>",
    "definition list": "<dl><dt>{q}</dt><dd>{a}</dd></dl>",
    "framed definitions": "<dl><div><dt><button>{q}</button></dt><dd><p>{a}</p></dd></div></dl>",
    "wordpress block": "<div class='schema-faq-section'><strong class='schema-faq-question'>{q}"
    "</strong><p class='schema-faq-answer'>{a}</p></div>",
    "link as a toggle": "<a class='collapsed' aria-expanded='false' href='#x'>{q}</a>"
    "<div id='x' class='collapse'>{a}</div>",
    "label and checkbox": "<div><input type='checkbox' id='c'><label class='tab-label' for='c'>{q}"
    "</label><div class='tab-content'>{a}</div></div>",
}


def accordion(form: str, pairs: list[tuple[str, str]] = PAIRS) -> bytes:
    parts = "\n".join(form.format(q=question, a=answer) for question, answer in pairs)
    return f"<html><body><h1>Help</h1>\n<div>{parts}</div></body></html>".encode()


@pytest.mark.parametrize("form", ACCORDIONS.values(), ids=ACCORDIONS)
def test_every_accordion_gives_a_pair_a_question(tmp_path: Path, form: str) -> None:
    items = read_content(tmp_path, "a.html", accordion(form))
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == PAIRS


@pytest.mark.parametrize("form", ACCORDIONS.values(), ids=ACCORDIONS)
def test_a_question_of_an_accordion_without_an_answer_is_dropped(tmp_path: Path, form: str) -> None:
    items = read_content(
        tmp_path, "a.html", accordion(form, [PAIRS[0], (PAIRS[1][0], ""), PAIRS[2]])
    )
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [PAIRS[0], PAIRS[2]]
    dropped = [(one.reason, one.text) for one in items if isinstance(one, Dropped)]
    assert dropped == [("no answer", PAIRS[1][0])]


@pytest.mark.parametrize("name", ["button with aria", "elementor", "details", "class question"])
def test_a_title_that_does_not_ask_takes_its_panel_with_it(tmp_path: Path, name: str) -> None:
    form = ACCORDIONS[name]
    title = ("Delivery times", "Two days.")
    items = read_content(tmp_path, "a.html", accordion(form, [PAIRS[0], title, PAIRS[2]]))
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [PAIRS[0], title, PAIRS[2]]  # among those that ask
    items = read_content(tmp_path, "a.html", accordion(form, [PAIRS[0], title]), kind="faq")
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [PAIRS[0]]
    told = [one for one in items if isinstance(one, Section | Dropped)]
    assert any("Two days." in one.text for one in told)


FRAMED = sorted(set(ACCORDIONS) - {"heading and div", "role heading", "bootstrap 3"})


@pytest.mark.parametrize("name", [one for one in FRAMED if one != "button in a heading"])
def test_what_stands_behind_an_accordion_is_no_answer(tmp_path: Path, name: str) -> None:
    content = accordion(ACCORDIONS[name]).replace(b"</div></body>", b"</div><p>Call us.</p></body>")
    items = read_content(tmp_path, "a.html", content)
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == PAIRS
    dropped = [(one.reason, one.text) for one in items if isinstance(one, Dropped)]
    assert dropped == [("no question", "Call us.")]


def test_several_terms_share_a_definition(tmp_path: Path) -> None:
    content = (
        b"<dl><dt>Who pays?</dt><dt>Who is billed?</dt><dd>The sender.</dd>"
        b"<dt>How often?</dt><dd>Monthly.</dd><dd>Or weekly.</dd></dl>"
    )
    items = read_content(tmp_path, "a.html", content)
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [
        ("Who pays?", "The sender."),
        ("Who is billed?", "The sender."),
        ("How often?", "Monthly.\n\nOr weekly."),
    ]


def test_questions_that_stand_only_in_structured_data_are_found(tmp_path: Path) -> None:
    content = (
        b'<html><script type="application/ld+json">{"@type": "FAQPage", "mainEntity": ['
        b'{"@type": "Question", "name": "Who pays?", "acceptedAnswer": {"text": "<p>We do.</p>"}},'
        b'{"@type": "Question", "name": "How often?", "acceptedAnswer": {"text": "Monthly."}}]}'
        b"</script><h1>Help</h1><h2>How often?</h2><p>Monthly, in fact.</p></html>"
    )
    items = read_content(tmp_path, "a.html", content, kind="faq")
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [("How often?", "Monthly, in fact."), ("Who pays?", "We do.")]


APART = {
    "ids": "<button aria-controls='b'>{0}</button><button aria-controls='a'>{1}</button>"
    "<div id='a'>{3}</div><div id='b'>{2}</div>",
    "targets in a list": "<ul><li><button data-bs-target='#a'>{0}</button></li><li><button "
    "data-bs-target='#b'>{1}</button></li></ul><div id='a'>{2}</div><div id='b'>{3}</div>",
    "tabs": "<div role='tablist'><button role='tab' aria-controls='a'>{0}</button><button "
    "role='tab' aria-controls='b'>{1}</button></div><div id='a'>{2}</div><div id='b'>{3}</div>",
    "headings": "<h3><button aria-controls='a'>{0}</button></h3><h3><button aria-controls='b'>"
    "{1}</button></h3><div id='a'>{2}</div><div id='b'>{3}</div>",
    "panels above": "<div id='a'>{2}</div><button aria-controls='a'>{0}</button>"
    "<div id='b'>{3}</div><button aria-controls='b'>{1}</button>",
    "no ids": "<div><button>{0}</button><button>{1}</button></div><p>{2}</p><p>{3}</p>",
    "text alone": "<button>{0}</button>{2}<button>{1}</button>{3}",
}


@pytest.mark.parametrize("form", APART)
def test_an_answer_that_stands_apart_goes_to_its_own_question(tmp_path: Path, form: str) -> None:
    said = ["How do I reset it?", "What does it cost?", "Hold the knob.", "Five euros."]
    page = f"<body><main>{APART[form].format(*said)}</main></body>"
    items = read_content(tmp_path, "a.html", page.encode())
    pairs = {(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)}
    assert pairs == {(said[0], said[2]), (said[1], said[3])}
    assert len(items) == 2


def test_text_behind_a_panel_that_stands_elsewhere_stays_where_it_is(tmp_path: Path) -> None:
    page = "<button aria-controls='a'>Why?</button><p>So.</p><h2>Notes</h2>A<div id='a'>B</div>C"
    items = read_content(tmp_path, "a.html", f"<body>{page}</body>".encode())
    shown = " ".join(str(one) for one in items)
    assert shown.count("B") == 1
    assert "A" in shown
    assert "C" in shown.partition("Notes")[2]


@pytest.mark.parametrize("form", ["{0}\n{1}\n\n{2}\n{3}\n", "Q: {0}\nA: {1}\n\nQ: {2}\nA: {3}\n"])
def test_the_semicolons_of_greek_questions_are_no_source_code(tmp_path: Path, form: str) -> None:
    text = form.format("Πώς πληρώνω;", "Με κάρτα.", "Πόσο κοστίζει;", "Πέντε ευρώ.")
    items = read_content(tmp_path, "faq.txt", text.encode())
    pairs = [(one.question, one.answer) for one in items if isinstance(one, AnsweredQuestion)]
    assert pairs == [("Πώς πληρώνω;", "Με κάρτα."), ("Πόσο κοστίζει;", "Πέντε ευρώ.")]
