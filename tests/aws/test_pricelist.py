from __future__ import annotations

from stratolab.aws.pricelist import HOME, PriceList


def price(clients, service, usage, **fields):
    return PriceList(clients.of("pricing", region=HOME)).price(service, fields, (usage,))


def test_a_price_by_its_usage_type_and_region(clients):
    for region in ("us-east-1", "eu-north-1"):
        found = price(
            clients, "AmazonEC2", "NatGateway-Hours", regionCode=region, productFamily="NAT Gateway"
        )
        assert found == 0.0611  # and not that of the regional one, whose usage type ends alike


def test_the_first_units_that_cost_anything(clients):
    assert price(clients, "awskms", "KMS-Keys", regionCode="eu-west-1") == 1.1


def test_what_the_list_has_not(clients):
    assert price(clients, "AmazonEC2", "Nothing-Hours", regionCode="eu-west-1") is None
    assert price(clients, "AmazonNothing", "NatGateway-Hours") is None
