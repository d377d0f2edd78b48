"""`lab init` on a terminal: each wrong answer is asked for again at once."""

from __future__ import annotations

from tests.cli.terminal import on_a_terminal

from stratolab.config.labs.load import load_lab

ANSWERS = {
    "Acme_Lab": "acme",
    "eu-wst-1": "eu-west-1",
    "hard": "hardened",
    "much": "150",
    "nobody": "owner@mail.example",
    "1.2.3.4": "203.0.113.0/24",
    "dev,prd": "dev,prod",
}
"""A wrong answer to each question, and the right one after it."""


def test_a_wrong_answer_is_asked_for_again(tmp_path):
    typed = "".join(f"{wrong}\n{right}\n" for wrong, right in ANSWERS.items())
    code, shown = on_a_terminal("lab", "init", folder=tmp_path, typed=typed)
    assert code == 0, shown
    lab = load_lab(tmp_path)
    assert (lab.lab.name, lab.lab.region, lab.lab.profile) == ("acme", "eu-west-1", "hardened")
    assert (lab.budget.monthly, lab.budget.mail) == (150, ("owner@mail.example",))
    assert list(lab.environments) == ["dev", "prod"]
    for hint in ("eu-west-1", "hardened", "is not a number", "1.2.3.4/32", "did you mean 'prod'"):
        assert hint in shown


def test_what_an_option_says_is_not_asked_for(tmp_path):
    code, shown = on_a_terminal(
        "lab", "init", "--name", "acme", "--region", "eu-west-1", folder=tmp_path, typed="\n" * 5
    )
    assert code == 0, shown
    assert "the lab's name" not in shown
    assert load_lab(tmp_path).lab.profile == "standard"


def test_the_end_of_what_is_typed_writes_nothing(tmp_path):
    code, shown = on_a_terminal("lab", "init", folder=tmp_path, typed="acme\n\x04")
    assert code == 130, shown
    assert not (tmp_path / "lab.toml").exists()
