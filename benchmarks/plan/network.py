"""A network of 45 resources, as a person writes it with troposphere: `python network.py troposphere|dictionaries`.

With `dictionaries` the same is written without any library: the floor of whoever prints a template.
"""

from __future__ import annotations

import json
import sys
from typing import Any

ZONES = 6


def parts() -> dict[str, tuple[str, dict[str, Any]]]:
    """By title: type and properties."""
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "Vpc": ("VPC", {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": True}),
        "Gateway": ("InternetGateway", {}),
        "Attached": (
            "VPCGatewayAttachment",
            {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}},
        ),
    }
    for zone in range(ZONES):
        for tier in range(2):
            title = f"{'PP'[tier]}{tier}{zone}"
            made[f"{title}Subnet"] = (
                "Subnet",
                {"VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.0.{tier * 100 + zone}.0/24"},
            )
            made[f"{title}Table"] = ("RouteTable", {"VpcId": {"Ref": "Vpc"}})
            made[f"{title}Uses"] = (
                "SubnetRouteTableAssociation",
                {"SubnetId": {"Ref": f"{title}Subnet"}, "RouteTableId": {"Ref": f"{title}Table"}},
            )
        made[f"Group{zone}"] = (
            "SecurityGroup",
            {"GroupDescription": "A role", "VpcId": {"Ref": "Vpc"}},
        )
    return made


def main(how: str) -> None:
    """Print the template."""
    if how == "dictionaries":
        found = {
            title: {"Type": f"AWS::EC2::{kind}", "Properties": properties}
            for title, (kind, properties) in parts().items()
        }
        print(json.dumps({"Resources": found}))
        return
    from troposphere import Ref, Template, ec2  # noqa: PLC0415 - what is measured

    template = Template()
    for title, (kind, properties) in parts().items():
        given = {
            name: Ref(value["Ref"]) if isinstance(value, dict) else value
            for name, value in properties.items()
        }
        template.add_resource(getattr(ec2, kind)(title, **given))
    print(template.to_json())


if __name__ == "__main__":
    main(sys.argv[1])
