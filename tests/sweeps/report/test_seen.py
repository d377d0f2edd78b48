"""The report as Chromium shows it: at a desk, on a phone, in the dark, on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sweeps.report import browser, samples

from stratolab.sweeps.report import page

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="needs Chromium: apt-get install chromium")

WIDTHS = [(1280, False), (375, True)]
HIDDEN = """[...document.querySelectorAll("svg")].filter(one => {
    const box = one.getBoundingClientRect();
    return box.width < 200 || box.height < 60 || box.left < 0 || box.right > innerWidth + 1;
}).map(one => one.querySelector("title").textContent)"""
CUT = """[...document.querySelectorAll("svg text")].filter(one => {
    const box = one.getBoundingClientRect(), outer = one.closest("svg").getBoundingClientRect();
    return box.left < outer.left - 2 || box.right > outer.right + 2 || box.bottom > outer.bottom + 2;
}).map(one => one.textContent)"""
SMALL = """Math.min(...[...document.querySelectorAll("svg text")].map(one => one.getBoundingClientRect().height))"""
STRANGE = """document.querySelectorAll("script, img, iframe, form, object, embed, link, a, b, i, u").length"""
# The contrast of two colours is WCAG 2.2's (1.4.3), of every text with the background behind it.
CONTRAST = """(() => {
    const light = colour => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255)
            .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const behind = one => {
        for (; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (!colour.endsWith(", 0)")) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    return Math.min(...[...document.querySelectorAll("body *")]
        .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
        .filter(one => !["title", "desc"].includes(one.tagName))
        .map(one => {
            const style = getComputedStyle(one), text = one.closest("svg") ? style.fill : style.color;
            const two = [light(text), light(behind(one))].sort((a, b) => b - a);
            return (two[0] + 0.05) / (two[1] + 0.05);
        }));
})()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.browser(tmp_path_factory.mktemp("profile")) as session:
        yield session


def written(tmp_path, facts):
    path = tmp_path / "report.html"
    path.write_text(page.html(facts), encoding="utf-8")
    return path


SWEEPS = {
    "full": samples.many(150),
    "ten thousand": samples.many(10_000),
    "empty": samples.facts([]),
    "all failed": samples.facts([samples.trial(n, samples.TrialState.FAILED, reason="exit code 1") for n in range(20)]),
    "long words": samples.many(
        40,
        metric="m" * 80,
        id="x" * 60 + "-1",
        command=["python", "w" * 300],
        space={**samples.SPACE, "model": {"choice": ["gbm", "forest", "linear", "l" * 90]}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("width", "phone"), WIDTHS, ids=["desk", "phone"])
@pytest.mark.parametrize("name", SWEEPS)
def test_everything_is_seen_and_nothing_scrolls_sideways(chromium, tmp_path, name, width, phone):
    path = written(tmp_path, SWEEPS[name])
    chromium.open(path, width, phone=phone)
    assert chromium.complaints() == []
    assert chromium.requests() == [path.as_uri()]
    assert chromium.look("innerWidth") == width
    assert chromium.look("document.documentElement.scrollWidth") <= width
    assert 300 < chromium.look("document.documentElement.scrollHeight") < 20_000
    assert chromium.look(HIDDEN) == []
    assert chromium.look(CUT) == []
    assert (chromium.look("document.querySelectorAll('svg').length") == 0) == (name == "empty")


def test_the_words_of_a_figure_can_be_read_on_a_phone(chromium, tmp_path):
    chromium.open(written(tmp_path, SWEEPS["full"]), 375, phone=True)
    assert chromium.look(SMALL) > 9


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_asks_for(chromium, tmp_path, dark):
    chromium.open(written(tmp_path, SWEEPS["full"]), 1280, dark=dark)
    background = chromium.look("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark
    assert chromium.look(CONTRAST) >= 4.5


def test_a_hostile_sweep_is_text_to_a_browser_too(chromium, tmp_path):
    name = '"><img src=x onerror=alert(1)></text></svg></title><script>document.title="owned"</script>'
    trials = [samples.trial(n, params={"c": name}, value=float(n), reason=name) for n in range(12)]
    facts = samples.facts(
        trials, metric=name, project=name, reason=name, space={"c": {"choice": [name, "b"]}}
    )
    chromium.open(written(tmp_path, facts), 1280)
    assert chromium.look(STRANGE) == 0
    assert chromium.look("document.title") == f"tune-3: minimize {name}"
    assert chromium.complaints() == []


def test_the_page_runs_no_script_even_if_one_were_in_it(chromium, tmp_path):
    path = written(tmp_path, SWEEPS["empty"])
    text = path.read_text()
    path.write_text(text.replace("<header>", "<header><script>document.title = 'ran'</script>"))
    chromium.open(path, 1280)
    assert chromium.look("document.title") != "ran"
    assert any("Content Security Policy" in told for told in chromium.complaints())


def test_it_prints_on_a_few_light_pages(chromium, tmp_path):
    chromium.open(written(tmp_path, SWEEPS["full"]), 1280, dark=True)
    paper = chromium.paper()
    assert paper.startswith(b"%PDF")
    assert 2 <= paper.count(b"/Type /Page\n") <= 12
