"""`keys`: which key seals, which are still needed, a new one, and an old one taken away."""

import json
import sys

import click

from civicloop.foundation import ciphers
from civicloop.records import keyring, resealing


@click.group()
def keys() -> None:
    """The keys of sealed personal data: which there are, a new one, an old one that nothing needs any more."""


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True)
def list_keys(as_json: bool) -> None:
    """Each key with how many sealed values and files need it; a key that is needed and is not here makes exit 1."""
    needed = resealing.needed()
    rows = []
    for family in keyring.FAMILIES:
        now = keyring.current(family).id
        here = {now, *keyring.former(family)}
        wanted = {key_id for of, key_id in needed if of == family}
        for key_id in sorted(here | wanted, key=lambda each: (each != now, each)):
            state = "seals now" if key_id == now else "earlier" if key_id in here else "not here"
            number = needed.get((family, key_id), 0)
            rows.append({"family": family, "key": key_id, "state": state, "needed_by": number})
    missing = [row for row in rows if row["state"] == "not here" and row["key"]]
    if as_json:
        print(json.dumps({"keys": rows, "change": resealing.said()}))
    else:
        for row in rows:
            print(f"{row['family']:8} {row['key'] or '(not noted)':12} {row['state']:10} needed by {row['needed_by']}")
        print(resealing.said())
    if missing:
        sys.exit(1)


@keys.command()
def rotate() -> None:
    """Make new keys that seal from now on; the worker re-seals what the earlier ones sealed. Keep copies of both."""
    try:
        row = resealing.change()
    except (resealing.KeyTrouble, ciphers.CannotSeal, OSError) as trouble:
        sys.exit(f"civicloop: {trouble}")
    print(f"{row.sealing} seals from now on, {row.lookup} looks up; {row.sealing_before} and {row.lookup_before} stay")
    print(f"keep a copy of {keyring.folder()} in the safe; the worker re-seals, see civicloop keys list")


@keys.command()
@click.argument("key_ids", metavar="KEY...", nargs=-1, required=True)
def retire(key_ids: tuple[str, ...]) -> None:
    """Remove the files of earlier keys that nothing needs any more. A backup made before still needs them."""
    try:
        for key_id in key_ids:
            resealing.retire(key_id)
            print(f"{key_id} was removed; its copy in the safe stays until no backup from before is kept")
    except (resealing.KeyTrouble, ciphers.CannotSeal, OSError) as trouble:
        sys.exit(f"civicloop: {trouble}")


COMMANDS = [keys]
