"""tools/verify_receipt.py runs alone on the downloaded file: it accepts a true receipt, and says what differs."""

import ast
import copy
import hashlib
import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical
from civicloop.receipts import actions, keys, publishing, selectors
from tests.conftest import ROOT, size
from tests.matters import loop
from tests.receipts.conftest import on

SCRIPT = ROOT / "tools" / "verify_receipt.py"
Json = dict[str, Any]


@pytest.fixture
def receipt(db: None) -> Json:
    """A matter with four entries on three days among others; the last entry stands under no root yet."""
    with on():
        matter = loop.report(address="和平路 1 号")
        for _each in range(4):
            loop.report()
    for day in (1, 2):
        with on(day):
            loop.act("clerk", matter, "note", note="看过")
            loop.report()
    with on(4):
        actions.close_due()
        publishing.publish()
        loop.act("clerk", matter, "note", note="又看过")
        return selectors.receipt(matter)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module, for what is tried very often."""
    spec = importlib.util.spec_from_file_location("verify_receipt", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.use_the_machine()
    return module


def run(folder: Path, receipt: Json | str, *options: str) -> tuple[int, str]:
    """The script in an interpreter of its own that sees nothing of ours: (exit code, what it said)."""
    path = folder / "receipt.json"
    path.write_text(receipt if isinstance(receipt, str) else json.dumps(receipt, ensure_ascii=False))
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, path, *options], capture_output=True, text=True, cwd=folder, env={"LANG": "C"}
    )
    return done.returncode, done.stdout + done.stderr


def signed_anew(receipt: Json) -> Json:
    """The same signed by the platform's own key: what somebody could do who holds it."""
    content = {name: each for name, each in receipt.items() if name != "signature"}
    value = keys.sign(keys.RECEIPT, canonical(content)).hex()
    return content | {"signature": {"key": keys.current().id, "value": value}}


@pytest.mark.parametrize("options", [[], ["--pure"]])
def test_a_true_receipt_fits(receipt: Json, tmp_path: Path, options: list[str]) -> None:
    code, said = run(tmp_path, receipt, *options)
    assert code == 0, said
    assert "DIFFERS" not in said
    assert "entries up to 1 stand under the signed root of 2026-03-02" in said
    assert "entries up to 3 stand under the signed root of 2026-03-04" in said
    assert "entry 4: under no daily root" in said
    assert f"signed for number {receipt['number']}" in said
    assert f"compare  this key with what the city has published: {keys.current().id}" in said
    assert "相符" in said


def test_it_needs_neither_the_platform_nor_its_libraries(receipt: Json, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt))
    program = (
        "import runpy, sys\n"
        "class Nothing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('cryptography', 'civicloop', 'django'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "import hashlib\n"
        "def without(name, *rest, **more): raise ValueError(name)\n"
        "hashlib.new = without\n"
        f"sys.argv = ['verify_receipt', {str(path)!r}]\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "相符" in done.stdout


def test_an_old_interpreter_can_read_it() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 8))


def places(found: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value of a JSON document that holds no others."""
    if isinstance(found, dict):
        for name, each in found.items():
            yield from places(each, (*way, name))
    elif isinstance(found, list):
        for number, each in enumerate(found):
            yield from places(each, (*way, number))
    else:
        yield way


def changed(receipt: Json, way: tuple[Any, ...], draw: random.Random) -> Json:
    """A copy in which one value is another one of the same kind."""
    other = copy.deepcopy(receipt)
    holder = other
    for step in way[:-1]:
        holder = holder[step]
    value = holder[way[-1]]
    if isinstance(value, int):
        holder[way[-1]] = value + draw.choice((-1, 1, 256))
    else:
        place = draw.randrange(len(value)) if value else 0
        signs = "0123456789abcdef" if value and value[place] in "0123456789abcdef" else "甲乙丙"
        sign = draw.choice([each for each in signs if not value or each != value[place]])
        holder[way[-1]] = value[:place] + sign + value[place + 1 :]
    return other


def differences(script: ModuleType, receipt: Json, trusted: list[bytes] | None = None) -> list[dict[str, str]]:
    check = script.Check(receipt, trusted or [], {})
    try:
        check.run()
    except (script.Form, ValueError) as reason:
        check.differs("receipt", str(reason))
    found: list[dict[str, str]] = check.differences
    return found


def test_no_value_can_be_changed_unnoticed(receipt: Json, script: ModuleType) -> None:
    draw = random.Random(3)
    assert differences(script, receipt) == []
    for way in places(receipt):
        for _each in range(size(2, 30)):
            assert differences(script, changed(receipt, way, draw)), way


def test_the_holder_of_the_signing_key_cannot_rewrite_what_a_root_covers(receipt: Json, script: ModuleType) -> None:
    draw = random.Random(4)
    free = {"number", "made_at"}  # what only the signature of the receipt binds
    for way in places({name: receipt[name] for name in receipt if name not in free | {"signature"}}):
        if way[:2] == ("entries", 3) and way[2] != "body":
            continue  # the last entry stands under no root yet
        forged = signed_anew(changed(receipt, way, draw))
        assert differences(script, forged), way


def test_it_names_the_entry_whose_content_was_changed(receipt: Json, tmp_path: Path) -> None:
    body = bytearray.fromhex(receipt["entries"][1]["body"])
    body[body.index(b"note")] ^= 1
    receipt["entries"][1]["body"] = body.hex()
    code, said = run(tmp_path, signed_anew(receipt))
    assert code == 1
    assert said.count("DIFFERS") == 1
    assert "DIFFERS  entry 2: its hash does not follow" in said
    assert "不符" in said


def rebuilt(receipt: Json, change: Callable[[Json], None]) -> Json:
    """The chain computed anew after a change to entry 2, and signed with the platform's key."""
    previous = bytes.fromhex(receipt["entries"][0]["hash"])
    for entry in receipt["entries"][1:]:
        told = chain.content(bytes.fromhex(entry["body"]))
        if entry["seq"] == 2:
            change(told)
        body = chain.body(canonical(told))
        previous = chain.entry_hash(previous, body)
        entry |= {"body": body.hex(), "hash": previous.hex()}
    return signed_anew(receipt)


def test_a_history_that_was_rewritten_as_a_whole_contradicts_the_root(receipt: Json, tmp_path: Path) -> None:
    forged = rebuilt(receipt, lambda told: told.update(action="close"))
    code, said = run(tmp_path, forged)
    assert code == 1
    assert "DIFFERS  proof 2: the root covers another entry 3 than the one here: the history was rewritten" in said
    assert "fits     entries up to 1 stand under the signed root of 2026-03-02" in said


def test_a_history_that_was_cut_off_contradicts_the_root(receipt: Json, tmp_path: Path) -> None:
    receipt["entries"] = receipt["entries"][:2]
    code, said = run(tmp_path, signed_anew(receipt))
    assert code == 1
    assert "DIFFERS  proof 2: it is about entry 3, which is not here: the history was cut off after it" in said


def test_a_missing_and_a_swapped_entry_are_named(receipt: Json, tmp_path: Path) -> None:
    entries = receipt["entries"]
    _code, said = run(tmp_path, signed_anew({**receipt, "entries": [entries[0], *entries[2:]]}))
    assert "entry 2: it bears the number 3: an entry is missing" in said
    _code, said = run(tmp_path, signed_anew({**receipt, "entries": [entries[0], entries[2], entries[1], entries[3]]}))
    assert "entry 2: it bears the number 3" in said
    assert "entry 3: it bears the number 2" in said


def test_changed_words_are_named(receipt: Json, tmp_path: Path) -> None:
    receipt["entries"][0]["texts"]["text"]["value"] = "路口井盖完好。"
    receipt["entries"][0]["texts"]["more"] = receipt["entries"][0]["texts"]["title"]
    code, said = run(tmp_path, signed_anew(receipt))
    assert code == 1
    assert "entry 1, text “text”: these are not the words that were hashed" in said
    assert "entry 1, text “more”: this entry was hashed without such a text" in said


def test_another_number_breaks_the_signature_alone(receipt: Json, tmp_path: Path) -> None:
    receipt["number"] = "20260302-0000001-0"
    code, said = run(tmp_path, receipt)
    assert code == 1
    assert [line for line in said.splitlines() if line.startswith("DIFFERS")] == [
        "DIFFERS  receipt: its signature does not fit: it was changed, or not signed by the city"
    ]


def forged_city(receipt: Json) -> Json:
    """Everything made up and signed with a key of the forger's own, which the receipt then brings along."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    name = hashlib.sha256(public).hexdigest()[:16]
    for proof in receipt["proofs"]:
        told = chain.content(bytes.fromhex(proof["root"]["body"])) | {"key": name}
        body = chain.body(canonical(told))
        hash_ = chain.entry_hash(bytes.fromhex(proof["root"]["previous"]), body)
        proof["root"] |= {
            "key": name, "body": body.hex(), "hash": hash_.hex(), "signature": private.sign(keys.ROOT + hash_).hex()
        }  # fmt: skip
    receipt["keys"] = [{"id": name, "algorithm": "ed25519", "public": public.hex()}]
    content = {name: each for name, each in receipt.items() if name != "signature"}
    value = private.sign(keys.RECEIPT + canonical(content)).hex()
    return content | {"signature": {"key": name, "value": value}}


def test_a_forger_with_a_key_of_his_own_is_found_by_the_published_one(
    receipt: Json, tmp_path: Path, data_dir: Path
) -> None:
    public = keys.current()
    answer = {"keys": [{"id": public.id, "algorithm": "ed25519", "public": public.public.hex(), "current": True}]}
    (tmp_path / "keys.json").write_text(json.dumps(answer))
    ways = (public.public.hex(), str(tmp_path / "keys.json"), str(data_dir / "keys" / f"roots-{public.id}.pub"))
    for key in ways:
        assert run(tmp_path, receipt, "--key", key)[0] == 0
    forged = forged_city(copy.deepcopy(receipt))
    code, said = run(tmp_path, forged)
    assert code == 0  # its own key alone cannot betray it: the script says which key to compare
    assert f"compare  this key with what the city has published: {forged['keys'][0]['id']}" in said
    for key in ways:
        code, said = run(tmp_path, forged, "--key", key)
        assert code == 1
        assert said.count("which is none of those that you trust") == 3


def test_a_root_that_was_kept_is_held_against_it(receipt: Json, tmp_path: Path, data_dir: Path) -> None:
    code, said = run(tmp_path, receipt, "--root", str(data_dir / "roots"))
    assert code == 0
    assert said.count("as in the copy that you kept") == 2
    other = json.loads((data_dir / "roots" / "2026-03-04.json").read_text())
    other["hash"] = "00" * 32
    (tmp_path / "kept.json").write_text(json.dumps({"items": [other], "next": None}))
    code, said = run(tmp_path, receipt, "--root", str(tmp_path / "kept.json"))
    assert code == 1
    assert "proof 2: the root of 2026-03-04 that you kept is another one" in said


def test_an_answer_for_programs(receipt: Json, tmp_path: Path) -> None:
    code, said = run(tmp_path, receipt, "--json")
    found = json.loads(said)
    assert (code, found["ok"], found["differences"], found["keys"]) == (0, True, [], [keys.current().id])
    receipt["proofs"][1]["path"][0] = "00" * 32
    code, said = run(tmp_path, signed_anew(receipt), "--json")
    assert code == 1
    assert json.loads(said)["differences"] == [
        {"where": "proof 2", "what": "entry 3 does not stand under the root of 2026-03-04"}
    ]


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "{", '{"form": "civicloop receipt 1"}', "[" * 99_999])
def test_what_is_no_receipt_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    code, said = run(tmp_path, content)
    assert code in (1, 2)
    assert "Traceback" not in said
    assert said.strip()


def test_a_receipt_of_another_kind_of_values_is_refused_without_a_crash(receipt: Json, script: ModuleType) -> None:
    for way in places(receipt):
        for value in (None, True, -1, 1.5, "", "zz", [], {}):
            other = copy.deepcopy(receipt)
            holder = other
            for step in way[:-1]:
                holder = holder[step]
            if holder[way[-1]] != value:
                holder[way[-1]] = value
                assert differences(script, other), way


def test_its_own_sm3_is_the_standards(script: ModuleType) -> None:
    # GB/T 32905-2016, annex A
    assert script.pure_sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    for length in range(size(200, 2000)):
        data = os.urandom(length)
        assert script.pure_sm3(data) == hashlib.new("sm3", data).digest()


def test_its_own_ed25519_is_the_standards(script: ModuleType) -> None:
    # RFC 8032, section 7.1, tests 1 to 3
    for public, message, signature in (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595"
            "bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb43"
            "02aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716"
            "ed28dc027beceea1ec40a",
        ),
    ):  # fmt: skip
        given = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
        assert script.pure_signed(*given)
        assert not script.pure_signed(given[0], given[1] + b"x", given[2])
    draw = random.Random(5)
    for _each in range(size(10, 200)):
        private = Ed25519PrivateKey.generate()
        public_key, message = private.public_key().public_bytes_raw(), draw.randbytes(draw.randint(0, 200))
        signature = private.sign(message)
        assert script.pure_signed(public_key, message, signature)
        wrong = bytearray(signature)
        wrong[draw.randrange(64)] ^= 1 << draw.randrange(8)
        assert not script.pure_signed(public_key, message, bytes(wrong))
        # the same signature with its scalar written beyond the group's order is no second one
        scalar = int.from_bytes(signature[32:], "little") + script._L
        assert not script.pure_signed(public_key, message, signature[:32] + scalar.to_bytes(32, "little"))
    assert not script.pure_signed(bytes(31), b"", bytes(64))
    assert not script.pure_signed(b"\xff" * 32, b"", bytes(64))


def test_the_matter_of_a_receipt_is_bound_by_every_entry(receipt: Json, tmp_path: Path) -> None:
    receipt["matter"] = str(UUID(int=UUID(receipt["matter"]).int ^ 1))
    code, said = run(tmp_path, signed_anew(receipt))
    assert code == 1
    assert "entry 1: its content says matter" in said
    assert "proof 1: entry 1 does not stand under the root of 2026-03-02" in said
