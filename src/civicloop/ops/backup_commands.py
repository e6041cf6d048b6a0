"""`backup` and `restore`: the whole instance in one sealed file, and back with a proof."""

import json
import sys
from pathlib import Path

import click

from civicloop.ops.backup_file import Trouble, make_key, read_key

FILE = click.Path(path_type=Path)


def _say(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def _end() -> None:
    _say("")


@click.command()
@click.argument("to", type=FILE, required=False)
@click.option("--key", type=FILE, help="the key file with which the backup is sealed")
@click.option("--make-key", "new_key", type=FILE, help="make a key file (mode 0600) and do nothing else")
@click.option("--json", "as_json", is_flag=True)
def backup(to: Path | None, key: Path | None, new_key: Path | None, as_json: bool) -> None:
    """Write the whole instance to TO (a new file or a folder) while it works, sealed with a key of its own."""
    from civicloop.ops import backup as making

    try:
        if new_key is not None:
            make_key(new_key)
            print(f"{new_key} was made: without it no backup sealed with it can be read; keep it apart from them")
            return
        if to is None or key is None:
            sys.exit("civicloop: say civicloop backup TO --key FILE")
        path, manifest, kept = making.make(to, read_key(key), _say)
    except (Trouble, OSError) as trouble:
        _end()
        sys.exit(f"civicloop: {trouble}")
    _end()
    facts = {
        "file": str(path), "bytes": path.stat().st_size, "moment": manifest.moment, "product": manifest.product,
        "tables": {name: number for name, (number, _sum) in manifest.tables.items()}, "files": manifest.files,
        "missing": manifest.missing, "keep_apart": [*kept, str(key)],
    }  # fmt: skip
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(f"{path}: {making.rows_of(manifest)} rows, {manifest.files} files, as of {manifest.moment}")
        print(f"not in it, keep apart from it: {key}, and of the data folder's keys: {', '.join(kept) or 'none'}")
        for name in manifest.missing:
            print(f"missing or damaged in the store already: {name}")
    if manifest.missing:
        sys.exit(1)


@click.command()
@click.argument("source", metavar="FROM", type=FILE)
@click.option("--key", type=FILE, required=True, help="the key file with which the backup was sealed")
@click.option("--json", "as_json", is_flag=True)
def restore(source: Path, key: Path, as_json: bool) -> None:
    """Bring a backup into an empty database and prove it: rows, timelines, stored files."""
    from civicloop.ops import environment, restoring

    try:
        proved = restoring.restore(source, read_key(key), environment.application_role(), _say)
    except (Trouble, OSError) as trouble:
        _end()
        sys.exit(f"civicloop: {trouble}")
    _end()
    facts = {
        "ok": not proved.wrong, "moment": proved.manifest.moment, "rows": proved.rows, "matters": proved.matters,
        "files": proved.files, "wrong": proved.wrong, "put_back": proved.keys,
    }  # fmt: skip
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(f"proved as of {proved.manifest.moment}: {proved.rows} rows equal to the backup's")
        print(f"{proved.matters} timelines recomputed, {proved.files} stored files read with their digests")
        if proved.keys:
            print(f"not the keys of the backup's installation, put them back before serving: {', '.join(proved.keys)}")
        for words in proved.wrong[: restoring.SHOWN]:
            print(f"wrong: {words}")
        print(f"{len(proved.wrong)} findings")
    if proved.wrong:
        sys.exit(1)


COMMANDS: list[click.Command] = [backup, restore]
