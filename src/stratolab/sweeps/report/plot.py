"""A figure and its frame: the plotting area, grid lines, the marks of the axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.sweeps.report.markup import Markup, coordinate, el, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stratolab.sweeps.report.axes import Axis

_NARROW, _WIDE = frozenset(" '!,-.:;Iijlftr()[]|"), frozenset("mwMW@%&~…—")
_PIXELS = (5.0, 7.4, 9.0, 12.5)  # narrow, ordinary, capital, wide: at 12 px, in the widest of the usual fonts


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing: `name` is unique on the page and a word of ours, `description` says what is to be seen."""

    name: str
    title: str
    description: str
    width: float
    height: float
    body: Markup
    caption: str = ""

    def svg(self) -> Markup:
        """The drawing, with its title and description for who cannot see it."""
        return el(
            "svg",
            el("title", self.title, id=f"{self.name}-title"),
            el("desc", self.description, id=f"{self.name}-desc"),
            self.body,
            viewBox=f"0 0 {coordinate(self.width)} {coordinate(self.height)}",
            role="img",
            aria_labelledby=f"{self.name}-title {self.name}-desc",
        )


@dataclass(frozen=True, slots=True)
class Plot:
    """The area between two axes, within a drawing of `width` and `height`."""

    x: Axis
    y: Axis
    width: float = 420
    height: float = 280
    left: float = 56
    right: float = 14
    top: float = 22
    bottom: float = 38
    inset: float = 6  # so that no mark at an end is cut

    @property
    def x_end(self) -> float:
        """The right edge."""
        return self.width - self.right

    @property
    def y_end(self) -> float:
        """The lower edge."""
        return self.height - self.bottom

    def px(self, value: object) -> float | None:
        """Where a value lies from the left."""
        place = self.x.at(value)
        return None if place is None else self.across(place)

    def py(self, value: object) -> float | None:
        """Where a value lies from the top."""
        place = self.y.at(value)
        return None if place is None else self.down(place)

    def across(self, place: float) -> float:
        """Pixels from the left of a place in [0, 1]."""
        return self.left + self.inset + place * (self.x_end - self.left - 2 * self.inset)

    def down(self, place: float) -> float:
        """Pixels from the top of a place in [0, 1]."""
        return self.y_end - self.inset - place * (self.y_end - self.top - 2 * self.inset)

    def frame(self, x_label: str, y_label: str, *, x_ticks: int = 6, y_ticks: int = 5) -> Markup:
        """Grid lines, marks, and the names of both axes."""
        across, down = self.x.ticks(x_ticks), self.y.ticks(y_ticks)
        room = (self.x_end - self.left) / max(len(across), 1)
        lines = [(self.left, self.down(place), self.x_end, self.down(place)) for place, _ in down]
        lines += [(self.across(place), self.top, self.across(place), self.y_end) for place, _ in across]
        return join(
            [
                el("path", class_="grid", d=segments(lines)),
                *(
                    label(self.left - 6, self.down(place) + 4, fit(told, self.left - 8), "end")
                    for place, told in down
                ),
                *(
                    label(self.across(place), self.y_end + 15, fit(told, room), "middle")
                    for place, told in across
                ),
                label(self.left, 12, fit(y_label, self.width - self.left), "start"),
                label(self.x_end, self.height - 6, fit(x_label, self.width - self.left), "end"),
            ]
        )


def label(x: float, y: float, told: str, anchor: str = "start", class_: str | None = None) -> Markup:
    """A few words; `anchor` is start, middle or end."""
    return el("text", told, x=x, y=y, text_anchor=anchor, class_=class_)


def extent(told: str) -> float:
    """About how many pixels a label takes, rather too many than too few."""
    return sum(map(_extent, told))


def fit(told: str, room: float) -> str:
    """A label cut to about `room` pixels; one character is left of it at least."""
    if len(told) * _PIXELS[-1] <= room or extent(told) <= room:
        return told
    taken, kept = _PIXELS[-1], 0
    for character in told:
        taken += _extent(character)
        if taken > room:
            break
        kept += 1
    return f"{told[: max(kept, 1)]}…"


def segments(lines: Iterable[tuple[float, float, float, float]]) -> str:
    """The path of separate lines."""
    return "".join(
        f"M{coordinate(x)} {coordinate(y)}L{coordinate(to_x)} {coordinate(to_y)}"
        for x, y, to_x, to_y in lines
    )


def line(points: Sequence[tuple[float, float]]) -> str:
    """The path of one line through the points."""
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)


def steps(points: Sequence[tuple[float, float]], end: float) -> str:
    """The path of a line that keeps its height until the next point, and after the last one until `end`."""
    first_x, first_y = points[0]
    told = f"M{coordinate(first_x)} {coordinate(first_y)}"
    told += "".join(f"H{coordinate(x)}V{coordinate(y)}" for x, y in points[1:])
    return f"{told}H{coordinate(end)}"


def dots(points: Iterable[tuple[float, float]]) -> str:
    """The path of dots: lines without length, which round caps make visible."""
    return "".join(f"M{coordinate(x)} {coordinate(y)}h.01" for x, y in points)


def crosses(points: Iterable[tuple[float, float]], arm: float = 3) -> str:
    """The path of small crosses."""
    return segments(
        stroke
        for x, y in points
        for stroke in ((x - arm, y - arm, x + arm, y + arm), (x - arm, y + arm, x + arm, y - arm))
    )


def legend(x: float, y: float, entries: Iterable[tuple[str, str]]) -> Markup:
    """Marks and what they mean, in a row: pairs of a class and a word."""
    parts = []
    for class_, word in entries:
        parts += [el("path", class_=class_, d=dots([(x + 4, y - 4)])), label(x + 12, y, word)]
        x += 26 + extent(word)
    return join(parts)


def _extent(character: str) -> float:
    if character in _WIDE or character > "\u2000":
        return _PIXELS[3]
    if character in _NARROW:
        return _PIXELS[0]
    return _PIXELS[2] if character.isupper() else _PIXELS[1]
