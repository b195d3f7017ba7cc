"""Results as HTML for a notebook cell: thumbnails in a compact block with its own style.

Works in light and dark notebooks, without script; Jinja2 escapes every text.
"""

import base64

from jinja2 import Environment, StrictUndefined

from imageshelf.report import cards, panels
from imageshelf.report.cards import Card, CardGroup, Sheet
from imageshelf.system.words import count

MOST_PICTURES = 60  # in one cell; the page is for more
BLOCK = """
{%- macro show(card) %}
<figure style="margin:0;width:170px;font-size:12px;line-height:1.4;overflow-wrap:anywhere">
<div style="height:128px;display:flex;align-items:center;justify-content:center;\
background:rgba(128,128,128,.12);border-radius:6px;overflow:hidden">
{%- if card.thumbnail and card.thumbnail.data -%}
<img src="{{ source(card) }}" alt="{{ card.label }}" \
style="max-width:100%;max-height:128px;margin:0;object-fit:contain">
{%- else -%}
<span style="padding:8px;opacity:.75">no picture: {{ card.thumbnail.note }}</span>
{%- endif -%}
</div>
<figcaption style="padding-top:4px"><b>{{ card.label }}</b>
{%- for line in lines(card) %}<br><span style="opacity:.75">{{ line }}</span>{% endfor -%}
</figcaption></figure>
{%- endmacro -%}
<div style="font-family:system-ui,sans-serif">
{%- for sentence in sheet.intro %}<p style="margin:4px 0">{{ sentence }}</p>{% endfor %}
{%- for group in groups %}
<section style="margin:8px 0 16px"><div style="margin-bottom:6px"><b>{{ group.title }}</b>
{%- if group.note %} <span style="opacity:.75">{{ group.note }}</span>{% endif %}</div>
<div style="display:flex;flex-wrap:wrap;gap:12px">
{%- for card in group.cards %}{{ show(card) }}{% endfor %}
</div></section>
{%- endfor %}
{%- if left %}<p style="margin:4px 0">and {{ left }}</p>{% endif %}
{{ read }}
</div>"""


def html_cards(sheet: Sheet, jobs: int | None = None) -> str:
    """Return a sheet as one block of HTML; at most 60 pictures, then how many more there are."""
    every = list(sheet.cards)
    shown = iter(cards.pictured(every[:MOST_PICTURES], jobs))
    groups = []
    for group in sheet.groups:
        some = tuple(card for _, card in zip(group.cards, shown, strict=False))
        if some or not group.cards:
            groups.append(CardGroup(group.title, some, group.section, group.note))
        if len(some) < len(group.cards):
            break
    left = len(every) - MOST_PICTURES
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(BLOCK).render(
        sheet=sheet,
        groups=groups,
        left=count(left, "more picture") if left > 0 else "",
        read=panels.markup(sheet.panels, heading="h4"),
        source=_source,
        lines=_lines,
    )


def _source(card: Card) -> str:
    assert card.thumbnail is not None
    return f"data:{card.thumbnail.mime};base64,{base64.b64encode(card.thumbnail.data).decode()}"


def _lines(card: Card) -> list[str]:
    measures = (card.pixels, card.size, card.date)
    kinds = (card.role, card.kind, card.differs, *card.facts)
    lines = [" \u00b7 ".join(filter(None, words)) for words in (measures, kinds)]
    note = card.thumbnail.note if card.thumbnail and card.thumbnail.data else ""
    return [line for line in (card.folder, *lines, note, card.reason, card.warning) if line]
