"""The page: one HTML file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from stratolab.sweeps.models import TrialState
from stratolab.sweeps.report import tables
from stratolab.sweeps.report.figures import (
    costs,
    curves,
    history,
    importance,
    parallel,
    slices,
    timeline,
)
from stratolab.sweeps.report.markup import Markup, el, join
from stratolab.sweeps.report.style import STYLE

if TYPE_CHECKING:
    from stratolab.sweeps.report.facts import Facts
    from stratolab.sweeps.report.plot import Figure


def html(facts: Facts) -> str:
    """The report. The same facts give the same text, in which nothing of the user's is markup."""
    sweep = facts.sweep
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy()),
        el("meta", name="viewport", content="width=device-width,initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{sweep.id}: {sweep.config['goal']} {facts.metric}"),
        el("style", Markup(STYLE)),
    )
    body = el("body", el("header", *_head(facts)), el("main", *_sections(facts)))
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _policy() -> str:
    """Nothing but our own style sheet: no script, no network, no frame, no form, no other base."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _head(facts: Facts) -> list[Markup]:
    sweep = facts.sweep
    state = str(sweep.state)
    told = f"{sweep.config['goal']} {facts.metric} · project {sweep.project}"
    return [
        el("h1", sweep.id, " ", el("span", state, class_=f"badge {state}")),
        el("p", told, class_="goal"),
        *([el("p", sweep.reason, class_="soft")] if sweep.reason else []),
        tables.cards(facts),
    ]


def _sections(facts: Facts) -> list[Markup]:
    settings = el("div", _section("Settings", tables.settings(facts)), *_space(facts), class_="two")
    if not facts.trials:
        return [el("p", "There are no trials yet.", class_="soft"), settings]
    learning = curves.draw(facts)
    times = [_drawn("Timeline", timeline.draw(facts)), _drawn("Costs", costs.draw(facts))]
    sections = [
        el(
            "div",
            _section("Best parameters", tables.best(facts)),
            _drawn("History", history.draw(facts)),
            _drawn("Parallel coordinates", parallel.draw(facts)),
            _drawn("Importance", importance.draw(facts)),
            *([_drawn("Learning curves", learning), el("div", *times)] if learning else times),
            class_="two",
        ),
        _section("Slices", _slices(facts)),
    ]
    if facts.counts[TrialState.FAILED]:
        sections.append(_section("Failures", tables.failures(facts)))
    return [*sections, settings, _section("Trials", tables.trials(facts))]


def _space(facts: Facts) -> list[Markup]:
    space = tables.space(facts)
    return [_section("Space", space)] if space else []


def _slices(facts: Facts) -> Markup:
    drawn = slices.draw(facts)
    if isinstance(drawn, str):
        return el("p", drawn, class_="soft")
    grid = el("div", *map(_figure, drawn), class_="slices")
    left = len(facts.names) - len(drawn)
    more = f" The first {len(drawn)} of {len(facts.names)} parameters." if left else ""
    told = (
        "A dot is a succeeded trial, coloured as in the parallel coordinates; those of one category are spread out."
        f"{more}"
    )
    return join([el("p", told, class_="soft"), grid])


def _section(title: str, *content: str) -> Markup:
    return el("section", el("h2", title), *content)


def _drawn(title: str, figure: Figure | str) -> Markup:
    return _section(title, el("p", figure, class_="soft") if isinstance(figure, str) else _figure(figure))


def _figure(figure: Figure) -> Markup:
    return el("figure", figure.svg(), *([el("figcaption", figure.caption)] if figure.caption else []))
