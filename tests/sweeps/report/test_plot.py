from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stratolab.sweeps.report.axes import Numbers
from stratolab.sweeps.report.plot import Plot, extent, fit, steps


@given(st.text(max_size=60), st.floats(20, 500))
def test_a_label_fits_its_room_and_is_cut_only_if_it_must_be(told, room):
    cut = fit(told, room)
    assert cut == told or (cut.endswith("…") and told.startswith(cut[:-1]))
    assert extent(cut) <= max(room, 26)
    assert (cut == told) == (extent(told) <= room)


def test_a_plot_turns_the_vertical_around_and_keeps_marks_off_its_edges():
    plot = Plot(
        x=Numbers(0, 10),
        y=Numbers(0, 1),
        width=100,
        height=100,
        left=10,
        right=10,
        top=10,
        bottom=10,
        inset=5,
    )
    assert (plot.px(0), plot.px(10)) == (15, 85)
    assert (plot.py(0), plot.py(1)) == (85, 15)
    assert plot.px("a") is None


def test_a_step_line_keeps_its_height_until_the_next_point():
    assert steps([(0, 9), (5, 4), (7.25, 1)], 10) == "M0 9H5V4H7.2V1H10"
