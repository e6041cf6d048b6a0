"""`verify`: prove the timelines of matters."""

import json
import sys
from uuid import UUID

import click

from civicloop.matters import proof


@click.command()
@click.option("--matter", "matter_id", default=None, help="one matter, by id or number")
@click.option("--all", "everything", is_flag=True, help="every matter")
@click.option("--json", "as_json", is_flag=True)
def verify(matter_id: str | None, everything: bool, as_json: bool) -> None:
    """Prove that timelines were not rewritten; exit 1 and say what was changed."""
    if not matter_id and not everything:
        sys.exit("civicloop: say --matter ID or --all")
    checked, findings = 0, []
    for identifier in proof.matters(matter_id):
        checked += 1
        findings += [
            {"matter": str(identifier), "seq": each.seq, "code": each.code, "about": each.about}
            for each in proof.verify(UUID(str(identifier)))
        ]
    if as_json:
        print(json.dumps({"ok": not findings, "matters": checked, "findings": findings}))
    else:
        for line in findings:
            print(f"{line['matter']} entry {line['seq']}: {line['code']} {line['about']}")
        print(f"{checked} matters, {len(findings)} findings")
    if findings:
        sys.exit(1)


COMMANDS: list[click.Command] = [verify]
