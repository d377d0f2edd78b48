"""RESULTS.md: a run replaces its own section and bars, the others stay."""

from benchmarks.measuring.page import Bar, Section, with_section

PEERS = Section("peers", "Sweep overhead", "a table", [Bar("ratio", "at most 1.15", "1.07", holds=True)])
WARM = Section("warm", "Warm trials: all", "words", [Bar("ratio", "0.3", "0.5", holds=False)])


def headings(page):
    return [line for line in page.splitlines() if line.startswith("#")]


def bars(page):
    return [line for line in page.splitlines() if line.startswith("| [")]


def test_sections_stand_in_the_order_of_the_page_whenever_they_were_measured():
    page = with_section(with_section("", WARM, "on Monday"), PEERS, "on Tuesday")
    assert headings(page) == [
        "# Benchmarks: stratolab beside its peers",
        "## Sweep overhead",
        "## Warm trials: all",
    ]
    assert bars(page) == [
        "| [peers](#sweep-overhead) | ratio | at most 1.15 | 1.07 | holds |",
        "| [warm](#warm-trials-all) | ratio | 0.3 | 0.5 | **missed** |",
    ]
    assert "on Monday\n\nwords" in page


def test_a_section_is_replaced_and_the_others_stay():
    page = with_section(with_section("", WARM, "on Monday"), PEERS, "on Tuesday")
    again = with_section(
        page, Section("peers", "Sweep overhead", "better", [Bar("x", "y", "z", None)]), "later"
    )
    assert "a table" not in again
    assert "better" in again
    assert "on Monday\n\nwords" in again
    assert bars(again) == ["| [peers](#sweep-overhead) | x | y | z |  |", bars(page)[1]]


def test_writing_the_same_twice_changes_nothing():
    page = with_section(with_section("", PEERS, "then"), WARM, "then")
    assert with_section(page, WARM, "then") == page
