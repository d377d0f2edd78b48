from __future__ import annotations

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sweeps.report import samples

from stratolab.sweeps.models import SweepState, TrialState
from stratolab.sweeps.report import page

FAILED, PRUNED, RUNNING = TrialState.FAILED, TrialState.PRUNED, TrialState.RUNNING
ELEMENTS = frozenset({
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "div", "h1", "h2", "p",
    "span", "dl", "dt", "dd", "figure", "figcaption", "svg", "desc", "text", "path", "rect", "circle",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "code",
})  # fmt: skip
ATTRIBUTES = frozenset({
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "role", "aria-label",
    "aria-labelledby", "tabindex", "scope", "viewbox", "x", "y", "width", "height", "cx", "cy", "r", "d",
    "text-anchor", "stroke-width",
})  # fmt: skip


class Read(HTMLParser):
    """What a parser makes of a page: elements, attributes, the text by itself."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")


def read(facts):
    text = page.html(facts)
    text.encode()
    assert text == page.html(replace(facts))
    found = Read(text)
    assert found.open == []
    assert {tag for tag, _ in found.elements} <= ELEMENTS
    assert {name for _, names in found.elements for name in names} <= ATTRIBUTES
    ids = [value for name, value in found.values if name == "id"]
    assert len(ids) == len(set(ids))
    numbers = [
        value for name, value in found.values if name in {"d", "x", "y", "width", "height", "cx", "cy"}
    ]
    assert not any(re.search("nan|inf", value or "") for value in numbers)
    return found


def titles(found):
    return [word for word in found.words if word in FIGURES]


FIGURES = ("History", "Parallel coordinates", "Importance", "Learning curves", "Timeline", "Costs", "Slices")


# --- every kind of sweep ---------------------------------------------------------------------------


def test_a_full_sweep_has_every_figure_and_the_numbers_of_the_ledger():
    facts = samples.many(150)
    found = read(facts)
    assert set(titles(found)) == set(FIGURES)
    told = " ".join(found.words)
    best = min(trial.value for trial in facts.trials if trial.state is TrialState.SUCCEEDED)
    assert f"{best:.5g}" in told
    assert f"{facts.counts[FAILED]} failed" in told
    assert "used more than its 1GiB of memory" in told
    assert sum(tag == "svg" for tag, _ in found.elements) == 6 + len(samples.SPACE)
    described = [value for name, value in found.values if name == "aria-labelledby"]
    assert len(described) == 6 + len(samples.SPACE)


def test_a_bar_of_the_parameter_that_matters_is_the_longest():
    bars = re.findall(r'text-anchor="end">(\w+)</text><rect class="track"', page.html(samples.many(400)))
    assert bars[:2] == ["rate", "model"]
    assert set(bars[2:]) == {"depth", "leaves", "early", "noise"}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (samples.facts([], state=SweepState.RUNNING, reason="", ended=None), "There are no trials yet."),
        (samples.facts([], space={}), "There are no trials yet."),
        (samples.facts([samples.trial(0, RUNNING)]), "No trial has a value yet."),
        (samples.facts([samples.trial(0, RUNNING, started=None)]), "No trial has run yet."),
        (samples.facts([samples.trial(n, FAILED, reason="exit code 3") for n in range(9)]), "exit code 3"),
        (samples.facts([samples.trial(0, PRUNED, value=0.5, reason="above the median")]), "above the median"),
        (samples.facts([samples.trial(0)]), "It takes 10 succeeded trials"),
        (samples.facts([samples.trial(n) for n in range(12)]), "No parameter varies enough"),
        (samples.facts([samples.trial(0)], {}), "No job has a price yet."),
        (samples.facts([samples.trial(0)], space={}), "The trials have no parameters."),
        (samples.many(60, state=SweepState.STOPPED, reason="stopped by the user"), "stopped by the user"),
        (samples.many(60, goal="maximize"), "maximize loss"),
        (samples.many(60, sampler="auto"), "auto, which is gp here"),
        (samples.many(60, curves=False), "Timeline"),
        (samples.many(40, space=None), "Slices"),
    ],
)  # fmt: skip
def test_every_kind_of_sweep_has_a_page_that_says_how_it_is(facts, said):
    assert said in " ".join(read(facts).words)


@pytest.mark.parametrize(
    ("space", "params"),
    [
        ({"x": {"float": [0, 1]}}, lambda n: {"x": n / 30}),
        ({"c": {"choice": ["a", "b"]}}, lambda n: {"c": "ab"[n % 2]}),
        ({"c": {"choice": list(range(100))}}, lambda n: {"c": n}),
        ({"x": {"int": [5, 5]}}, lambda _: {"x": 5}),
        ({"x": {"float": [1e-300, 1e300], "log": True}}, lambda n: {"x": 10.0 ** (n * 20 - 300)}),
        ({f"p{i}": {"float": [0, 1]} for i in range(120)}, lambda n: {f"p{i}": n / 30 for i in range(120)}),
    ],
    ids=["one", "choices", "many choices", "constant", "huge", "many"],
)
def test_every_kind_of_space_can_be_drawn(space, params):
    trials = [samples.trial(n, params=params(n), value=float(n * n % 13)) for n in range(30)]
    found = read(samples.facts(trials, space=space))
    assert "Slices" in found.words


def test_the_best_is_the_largest_when_maximizing_and_the_flags_say_how_to_run_it_again():
    trials = [
        samples.trial(n, params={"rate": 0.01 * (n + 1), "model": "a b"}, value=float(n)) for n in range(5)
    ]
    told = "".join(read(samples.facts(trials, goal="maximize")).words)
    assert "Trial 4: loss = 4" in told
    assert "--folds 5 --rate 0.05 --model 'a b'" in told


def test_a_parameter_that_is_inactive_is_shown_as_absent():
    found = read(samples.many(60))
    assert "absent" in found.words
    assert any("do not have it" in word for word in found.words)


def test_the_best_trial_is_marked_only_where_it_has_the_parameter():
    facts = samples.many(60)
    best = facts.best
    assert best is not None
    marks = page.html(facts).count('class="dot best" d="M')
    legend = 1
    assert marks == len(best.params) + legend


def test_a_break_between_two_sittings_is_cut_out_of_the_timeline():
    told = " ".join(read(samples.many(60)).words)
    assert "1 break, a dotted line, is left out." in told
    assert "24h" not in told


def test_two_hundred_trials_are_listed_and_the_command_for_the_rest_is_named():
    found = read(samples.many(250))
    assert sum(tag == "tr" for tag, _ in found.elements) > 200
    told = " ".join(found.words)
    assert "50 more trials:  stratolab sweeps export tune-3" in told


def test_a_secret_in_a_command_or_a_reason_is_not_passed_on():
    trials = [samples.trial(0, FAILED, reason="cannot reach postgres://ana:hunter2@db.example/x")]
    told = page.html(
        samples.facts(trials, command=["python", "t.py", "--db", "postgres://ana:hunter2@db.example/x"])
    )
    assert "hunter2" not in told
    assert told.count("postgres://***@db.example/x") == 3


# --- nothing of the user's is markup ---------------------------------------------------------------

NASTY = st.sampled_from(
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='x", "</style><script>", "<!--", "]]>",
        "</title></svg><iframe>", "&lt;b&gt;", "javascript:alert(1)", "\x00<b>", "\ud800", "\u202e<i>", "</text>",
        "&#60;u&#62;", "</code></pre><form>", "<?x ?>", "<![CDATA[<b>]]>",
    ]
)  # fmt: skip
TEXT = st.one_of(NASTY, st.text(max_size=20), st.builds(str.__add__, NASTY, NASTY))
VALUE = st.one_of(
    TEXT, st.booleans(), st.integers(), st.floats(), st.integers(10**300, 10**310), st.none(), st.lists(TEXT)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_text_makes_an_element(data):
    """Whatever stands in the ledger, the page has the elements of our templates only, well nested."""
    keys = data.draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    number = st.floats(allow_nan=False, allow_infinity=False)
    trials = []
    for index in range(data.draw(st.integers(0, 14))):
        state = data.draw(st.sampled_from(TrialState))
        params = {key: data.draw(VALUE) for key in keys if data.draw(st.booleans())}
        value = data.draw(number) if state in {TrialState.SUCCEEDED, PRUNED} else None
        steps = data.draw(st.lists(st.tuples(st.integers(-5, 2**70), number), max_size=4))
        reason = data.draw(TEXT)
        trials.append(
            samples.trial(index, state, params=params, value=value, reason=reason, steps=tuple(steps))
        )
    choices = [value for trial in trials for value in trial.params.values()]
    facts = samples.facts(
        trials,
        id=data.draw(TEXT), project=data.draw(TEXT), reason=data.draw(TEXT), metric=data.draw(TEXT),
        command=data.draw(st.lists(TEXT)), sampler=data.draw(TEXT), prune=data.draw(TEXT), job=data.draw(TEXT),
        fixed={data.draw(TEXT): data.draw(TEXT)},
        space=data.draw(st.sampled_from([{}, samples.SPACE, {"c": {"choice": choices}}])),
    )  # fmt: skip
    read(facts)


def test_a_hostile_name_is_text_to_the_letter():
    name = '"><img src=x onerror=alert(1)>'
    trials = [samples.trial(n, params={"c": name, "x": n / 20}, value=float(n)) for n in range(20)]
    space = {"c": {"choice": [name, "b"]}, "x": {"float": [0, 1]}}
    found = read(samples.facts(trials, metric=name, space=space))
    assert name in found.words
    plain = read(samples.facts(
        [replace(trial, params={**trial.params, "c": "plain"}) for trial in trials],
        metric="loss", space={**space, "c": {"choice": ["plain", "b"]}},
    ))  # fmt: skip
    assert found.elements == plain.elements


def test_the_page_forbids_itself_everything_but_its_own_style():
    found = read(samples.many(20))
    policy = next(value for name, value in found.values if value and "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    text = page.html(samples.many(20))
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text
    assert "url(" not in text
    assert " style=" not in text


# --- size and time ---------------------------------------------------------------------------------


def test_ten_thousand_trials_make_a_small_file_quickly():
    facts = samples.many(10_000)
    began = time.process_time()
    text = page.html(facts)
    assert time.process_time() - began < 3
    assert len(text.encode()) < 2_000_000
    told = " ".join(Read(text).words)
    assert re.search(r"Shown are 9\d\d of 9,\d{3} values", told)
    assert re.search(r"Shown are 320 of 7,\d{3} trials", told)
    assert "Shown are 600 of" in told
    assert "Shown are 120 of" in told
    assert "Shown are 400 of" in told
    assert "Neighbours of one state are drawn as one bar." in told


def test_the_order_in_which_trials_are_given_does_not_matter():
    facts = samples.many(100)
    assert page.html(replace(facts, prices=dict(facts.prices))) == page.html(facts)
