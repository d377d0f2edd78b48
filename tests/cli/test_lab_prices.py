"""What a lab costs, as typed: idle and busy, by stack, refreshed from the price list, and what is left of it."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

LAB = f"""
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"
"""


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


def plan(cli, lab):
    return json.loads(cli("plan", "--offline", "--json", folder=lab).out)["price"]


def test_prices_are_refreshed_from_the_list_and_the_dated_table_is_what_is_left_without(cli, lab, emulator):
    (lab / "lab.toml").write_text(LAB.replace('"lab"', '"standard"'))
    before = plan(cli, lab)
    done = cli("cost", "refresh", folder=lab)
    assert done.code == 0, done.err
    assert "0.0611" in done.out
    assert "not told" in done.out  # the list of the emulator has no secrets
    after = plan(cli, lab)
    assert after["monthly"] > before["monthly"]
    assert "AWS's list of 20" in after["rates"]
    kept = json.loads((lab / "lab-prices.json").read_text())
    assert (kept["region"], kept["prices"]["NAT gateway, an hour"]) == (REGION, 0.0611)
    shown = cli("plan", "--offline", "--all", folder=lab).out
    assert "in an hour in which everything is at work" in shown
    assert "in a busy hour: AWS::EC2::NatGateway: 10 GB through each" in shown
    assert "network.dev  create" in shown
    (lab / "lab-prices.json").unlink()
    assert plan(cli, lab) == before
    emulator.fault(call="*:GetProducts", code="AccessDeniedException", reason="not for you")
    denied = cli("cost", "refresh", folder=lab)
    assert denied.code == 4
    assert not (lab / "lab-prices.json").exists()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("emulator")
def test_a_change_says_what_it_adds_and_the_end_what_is_left(cli, lab):
    assert cli("up", "foundation", "--yes", folder=lab, timeout=200).code == 0
    (lab / "lab.toml").write_text(LAB + '[security]\nkeys = "one"\n')
    shown = cli("plan", "foundation", folder=lab).out
    assert "foundation  update" in shown
    assert "+$1.00 a month" in shown
    assert "| +$1.00 a month |" in cli("plan", "foundation", "--markdown", folder=lab).out
    assert cli("up", "foundation", "--yes", folder=lab, timeout=200).code == 0
    gone = cli("down", "--yes", folder=lab, timeout=200)
    assert gone.code == 0, gone.err
    assert "AWS::KMS::Key" in gone.out
    assert "what is left costs $1.00 a month" in gone.out
    assert "objects in buckets" in gone.out
    again = json.loads(cli("down", "--json", folder=lab).out)
    assert {one["type"] for one in again["left"]} == {"AWS::KMS::Key", "AWS::S3::Bucket"}
    assert again["price"]["monthly"] == 1.0
