"""By setting, roots, receipts and certificates are signed with SM2; what Ed25519 signed before goes on being proved."""

import io
import json
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client
from pypdf import PdfReader

from civicloop.foundation import sm2
from civicloop.matters.models import Matter
from civicloop.ops import checkup
from civicloop.receipts import actions, keys, pdf, proof, publishing, selectors
from civicloop.receipts.models import DailyRoot
from tests.conftest import size
from tests.matters import loop
from tests.receipts.conftest import on
from tests.receipts.test_a_receipt_is_checked_without_the_platform import Json, differences, run, script

__all__ = ["script"]
# GB/T 32918.5, the example of a signature: the identifier is the default one
PUBLIC = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICLOOP_SIGNATURE", "sm2")


@pytest.fixture
def receipt(db: None, monkeypatch: pytest.MonkeyPatch) -> Json:
    """A matter whose first day stands under a root signed with Ed25519, the second under one signed with SM2."""
    with on():
        matter = loop.report(address="和平路 1 号")
    with on(1):
        actions.close_due()
        loop.act("clerk", matter, "note", note="看过")
    monkeypatch.setenv("CIVICLOOP_SIGNATURE", "sm2")
    with on(2):
        actions.close_due()
        publishing.publish()
        loop.act("clerk", matter, "note", note="又看过")
        return selectors.receipt(matter)


def test_the_example_of_the_standard_fits_and_nothing_else(script: ModuleType) -> None:
    for fits in (sm2.signed, script.sm2_signed):
        assert fits(PUBLIC, b"message digest", SIGNATURE)
        assert not fits(PUBLIC, b"message digesT", SIGNATURE)
        for place in range(0, 64, size(16, 1)):
            assert not fits(PUBLIC, b"message digest", bytes(each ^ (at == place) for at, each in enumerate(SIGNATURE)))
        order = sm2.N.to_bytes(32, "big")
        for wrong in (
            b"",
            SIGNATURE[:63],
            SIGNATURE + b"\0",
            bytes(64),
            SIGNATURE[:32] + order,
            order + SIGNATURE[32:],
        ):
            assert not fits(PUBLIC, b"message digest", wrong)
        for key in (b"", PUBLIC[1:], b"\3" + PUBLIC[1:], PUBLIC[:-1] + b"\0", b"\4" + b"\xff" * 64, b"\4" + bytes(64)):
            assert not fits(key, b"message digest", SIGNATURE)


def test_what_is_signed_here_is_a_signature_for_openssl_and_for_both_checkers(
    tmp_path: Path, script: ModuleType
) -> None:
    path, half = tmp_path / "roots-sm2.key", tmp_path / "public.pem"
    sm2.make_key(path)
    before = path.read_bytes()
    sm2.make_key(path)  # somebody was quicker
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600
    public = sm2.public_of(path)
    half.write_bytes(sm2._openssl("pkey", "-in", str(path), "-pubout"))
    for number in range(size(4, 60)):
        message = bytes([number]) * number * 7
        signature = sm2.sign(path, message)
        assert len(signature) == 64
        assert sm2.signed(public, message, signature)
        assert script.sm2_signed(public, message, signature)
        (tmp_path / "signature").write_bytes(_described(signature))
        options = ("-sm3", "-verify", str(half), "-signature", str(tmp_path / "signature"))
        assert b"OK" in sm2._openssl("dgst", *options, "-sigopt", f"distid:{sm2.IDENTIFIER.decode()}", given=message)


def _described(signature: bytes) -> bytes:
    """r ‖ s as DER."""
    parts = b""
    for each in (signature[:32], signature[32:]):
        number = each.lstrip(b"\0")
        number = b"\0" + number if number[0] & 128 else number
        parts += bytes([2, len(number)]) + number
    return bytes([48, len(parts)]) + parts


def test_roots_of_both_algorithms_are_proved(receipt: Json) -> None:
    first, second = DailyRoot.objects.order_by("no")
    now, former = keys.published()
    assert (now.algorithm, former.algorithm, first.key_id, second.key_id) == ("sm2", "ed25519", former.id, now.id)
    assert proof.verify_all().findings == []
    signature = bytearray(second.signature)
    signature[5] ^= 1
    assert not keys.signed(keys.ROOT, bytes(second.hash), bytes(signature), now.public)
    assert not keys.signed(keys.RECEIPT, bytes(second.hash), bytes(second.signature), now.public)
    assert not keys.signed(keys.ROOT, bytes(second.hash), bytes(second.signature), former.public)


@pytest.mark.parametrize("options", [[], ["--pure"]])
def test_the_checker_alone_proves_a_receipt_signed_with_it(
    receipt: Json, tmp_path: Path, script: ModuleType, options: list[str]
) -> None:
    code, said = run(tmp_path, receipt, *options)
    assert (code, "compare  this key" in said) == (0, True), said
    both = [word for key in receipt["keys"] for word in ("--key", key["public"])]
    assert run(tmp_path, receipt, *both, *options)[0] == 0
    code, said = run(tmp_path, receipt, "--key", receipt["keys"][1]["public"], *options)
    assert (code, "none of those that you trust" in said) == (1, True)
    other = json.loads(json.dumps(receipt))
    other["number"] = "20260302-0000001-0"
    assert [each["where"] for each in differences(script, other)] == ["receipt"]
    other = json.loads(json.dumps(receipt))
    other["keys"][0]["algorithm"] = "ed25519"
    assert differences(script, other)


def test_the_public_page_and_the_api_name_the_algorithm_of_each_key(receipt: Json, client: Client) -> None:
    answer = client.get("/api/v1/roots/key").json()["keys"]
    assert [(key["algorithm"], len(key["public"]), key["current"]) for key in answer] == [
        ("sm2", 130, True), ("ed25519", 64, False),
    ]  # fmt: skip
    page = client.get("/roots").content.decode()
    assert "SM2 (GB/T 32918)" in page
    assert "Ed25519 (RFC 8032)" in page
    assert Matter.objects.count() == 1


def test_on_paper_every_key_that_is_needed_is_printed_within_the_page(receipt: Json) -> None:
    pages = PdfReader(io.BytesIO(pdf.make(receipt, story=(), author="闭环", base="https://example.test"))).pages
    printed = "".join(page.extract_text() for page in pages)
    for key in receipt["keys"]:
        assert key["public"] in printed.replace("\n", "")
    assert " --key" not in printed  # the longer one fits no line of a command


def test_what_is_missing_is_said_in_an_operators_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: None
) -> None:
    examined = dict(checkup.EXAMINATIONS)["signatures of roots and receipts"]
    assert examined() == ""
    assert not (tmp_path / "keys").exists()
    keys.current()
    assert examined() == ""
    (tmp_path / "keys" / "roots-sm2.key").write_text("damaged")
    keys._sm2_public.cache_clear()
    assert "the key is damaged" in examined()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install it" in examined()
    assert "install it" in keys.wrong_setting()
    monkeypatch.setenv("CIVICLOOP_SIGNATURE", "rsa")
    assert "ed25519 or sm2" in keys.wrong_setting()
