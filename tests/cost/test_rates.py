from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.cost import rates
from stratolab.cost.rates import Rates
from stratolab.cost.refresh import PRODUCTS, refreshed


def test_a_region_without_a_price_borrows_one():
    assert Rates("eu-central-1").of(rates.NAT) == 0.052
    assert not Rates("eu-central-1").borrowed(rates.NAT)
    assert Rates("sa-east-1").of(rates.NAT) == Rates("us-east-1").of(rates.NAT)
    assert Rates("sa-east-1").borrowed(rates.NAT)
    assert not Rates("sa-east-1", {rates.NAT: 0.09}).borrowed(rates.NAT)
    assert not Rates("sa-east-1").borrowed(rates.KEY)


def test_what_the_price_list_does_not_tell_stays_as_it_is():
    asked = []

    def find(service, fields, usage):
        asked.append((service, fields["regionCode"], usage))
        return 0.0999 if usage == ("NatGateway-Hours",) else None

    found = refreshed(find, "eu-west-1", today="2026-11-24")
    assert len(asked) == len(PRODUCTS)
    assert (found.of(rates.NAT), found.of(rates.KEY)) == (0.0999, 1.0)
    assert (
        found.about == f"prices of AWS's list of 2026-11-24, else list prices of {rates.CHECKED}, eu-west-1"
    )


def test_they_are_kept_for_their_region_only(tmp_path):
    file = tmp_path / rates.FILE
    assert rates.read(file, "eu-west-1") == Rates("eu-west-1")
    rates.write(file, Rates("eu-west-1", {rates.NAT: 0.1, rates.KEY: 1.5}, "2026-11-24"))
    first = file.read_bytes()
    assert rates.read(file, "eu-west-1") == Rates("eu-west-1", {rates.NAT: 0.1, rates.KEY: 1.5}, "2026-11-24")
    assert rates.read(file, "us-east-1") == Rates("us-east-1")
    rates.write(file, rates.read(file, "eu-west-1"))
    assert file.read_bytes() == first


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"read": "x", "region": "eu-west-1", "prices": {"key, a month": "dear"}}']
)
def test_a_damaged_file_is_refused_with_the_way_out(tmp_path, text):
    file = tmp_path / rates.FILE
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        rates.read(file, "eu-west-1")
    assert "stratolab cost refresh" in caught.value.hint
