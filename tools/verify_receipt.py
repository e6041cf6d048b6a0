#!/usr/bin/env python3
"""Check a receipt of CivicLoop without CivicLoop: one file, Python 3.8 or newer, no network, nothing to install.

    verify_receipt.py RECEIPT.pdf|RECEIPT.json [--key KEY …] [--root ROOT.json …] [--json] [--pure]

It recomputes every hash of the matter's history, the way from there to the signed roots, and the signatures, and says
exactly what differs: exit 0 when everything fits, 1 when something differs, 2 when there is nothing to check.

KEY is a public key of the city that you trust: 64 hexadecimal digits (Ed25519) or 130 (SM2), or a file that holds them
(also the JSON of /api/v1/roots/key). Without it the key inside the receipt is taken, and its name printed for you to
compare. ROOT is a published root that you or somebody else has kept. `--pure` uses the implementations of SM3 and
Ed25519 in this file, which are also used where the machine has none; SM2 is always checked by the one in this file. The
format is described in docs/receipts.md.
"""

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from uuid import UUID

FORM = "civicloop receipt 1"
ROOT_FORM = "civicloop root"
GENESIS = bytes(32)
SALT = 16
KEYS = {"ed25519": 32, "sm2": 65}  # bytes of a public key
MOST = 256 * 1024 * 1024
ROOT_COLUMNS = ("day", "no", "until", "leaves", "root", "previous", "made_at", "key")

# -- SM3, GB/T 32905-2016 ---------------------------------------------------------------------------------------------

_WORD = 0xFFFFFFFF
_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip


def _turn(word, by):
    by %= 32
    return (word << by | word >> (32 - by)) & _WORD


def pure_sm3(data):
    """32 bytes of SM3 without a library."""
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack(">Q", 8 * len(data))
    state = list(_START)
    for begin in range(0, len(padded), 64):
        words = list(struct.unpack(">16I", padded[begin : begin + 64]))
        for j in range(16, 68):
            x = words[j - 16] ^ words[j - 9] ^ _turn(words[j - 3], 15)
            words.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(words[j - 13], 7) ^ words[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            first = _turn((_turn(a, 12) + e + _turn(0x79CC4519 if j < 16 else 0x7A879D8A, j)) & _WORD, 7)
            second = first ^ _turn(a, 12)
            ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
            gg = e ^ f ^ g if j < 16 else e & f | ~e & g
            one = (ff + d + second + (words[j] ^ words[j + 4])) & _WORD
            two = (gg + h + first + words[j]) & _WORD
            a, b, c, d, e, f, g, h = one, a, _turn(b, 9), c, two ^ _turn(two, 9) ^ _turn(two, 17), e, _turn(f, 19), g
        state = [state[place] ^ new for place, new in enumerate((a, b, c, d, e, f, g, h))]
    return struct.pack(">8I", *state)


# -- Ed25519, RFC 8032 section 5.1 ------------------------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


def _add(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % _P, (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * one[3] * two[3] * _D % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number, point):
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, point)
        point = _add(point, point)
        number >>= 1
    return found


def _point(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def pure_signed(public, message, signature):
    """Whether an Ed25519 signature fits, without a library."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, given = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or given is None or scalar >= _L:
        return False
    factor = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    left, right = _times(scalar, _BASE), _add(given, _times(factor, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


# -- SM2, GB/T 32918.2, on the recommended curve ----------------------------------------------------------------------

_SP = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_SA = _SP - 3
_SB = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_SN = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SG = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_SIGNER = b"1234567812345678"


def _sm2_plus(one, two):
    if one is None or two is None:
        return one or two
    if one[0] == two[0] and (one[1] + two[1]) % _SP == 0:
        return None
    over, under = (3 * one[0] ** 2 + _SA, 2 * one[1]) if one == two else (two[1] - one[1], two[0] - one[0])
    slope = over * pow(under, _SP - 2, _SP) % _SP
    x = (slope * slope - one[0] - two[0]) % _SP
    return x, (slope * (one[0] - x) - one[1]) % _SP


def _sm2_times(number, point):
    found = None
    while number:
        if number & 1:
            found = _sm2_plus(found, point)
        point, number = _sm2_plus(point, point), number >> 1
    return found


def sm2_signed(public, message, signature):
    """Whether an SM2 signature fits (65 bytes of key, 64 of signature, the standard's default identifier)."""
    if len(public) != 65 or public[0] != 4 or len(signature) != 64:
        return False
    x, y, r, s = (int.from_bytes(each, "big") for each in (public[1:33], public[33:], signature[:32], signature[32:]))
    on_it = x < _SP and y < _SP and (y * y - (x**3 + _SA * x + _SB)) % _SP == 0
    if not on_it or not (0 < r < _SN and 0 < s < _SN and (r + s) % _SN):
        return False
    curve = b"".join(each.to_bytes(32, "big") for each in (_SA, _SB, *_SG))
    about = sm3(struct.pack(">H", 8 * len(_SIGNER)) + _SIGNER + curve + public[1:])
    found = _sm2_plus(_sm2_times(s, _SG), _sm2_times((r + s) % _SN, (x, y)))
    return found is not None and (int.from_bytes(sm3(about + message), "big") + found[0]) % _SN == r


# -- the machine's own, where it has them -----------------------------------------------------------------------------


def _machine_sm3(data):
    return hashlib.new("sm3", data).digest()


def _machine_signed(public, message, signature):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


sm3, signed = pure_sm3, pure_signed


def use_the_machine():
    """Take hashlib's SM3 and cryptography's Ed25519 where they are there."""
    global sm3, signed
    try:
        _machine_sm3(b"")
        sm3 = _machine_sm3
    except ValueError:
        pass
    try:
        import cryptography  # noqa: F401

        signed = _machine_signed
    except ImportError:
        pass


def digest(data, algorithm):
    """The hash function number 1 (SM3) or 2 (SHA-256)."""
    return sm3(data) if algorithm == 1 else hashlib.sha256(data).digest()


# -- the check --------------------------------------------------------------------------------------------------------


class Form(Exception):
    """Something has not the form that it must have."""


def part(found, name, kind):
    """A member of an object in its type. Raises Form."""
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Form(f"“{name}” is missing or is not what it must be")
    return value


def octets(found, name, length=None):
    """A member in hexadecimal. Raises Form."""
    try:
        value = bytes.fromhex(part(found, name, str))
    except ValueError:
        raise Form(f"“{name}” is not hexadecimal") from None
    if length is not None and len(value) != length:
        raise Form(f"“{name}” has {len(value)} bytes instead of {length}")
    return value


def told_by(body):
    """(algorithm, JSON) of a hashed body: one byte of format, one of algorithm, canonical JSON. Raises Form."""
    if len(body) < 2 or body[0] != 1 or body[1] not in (1, 2):
        raise Form("the hashed bytes are of no known format")
    try:
        told = json.loads(body[2:].decode("utf-8"))
    except (ValueError, RecursionError):
        raise Form("the hashed bytes are no JSON") from None
    if not isinstance(told, dict):
        raise Form("the hashed bytes are no object")
    return body[1], told


def canonical(value):
    """RFC 8785 of what stands in a receipt: texts, whole numbers, lists and objects with ASCII names."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


class Check:
    """One receipt under examination: `differences` says what differs, `facts` what was found to be so."""

    def __init__(self, receipt, trusted, kept):
        self.receipt = receipt
        self.trusted = trusted
        self.kept = kept
        self.differences = []
        self.facts = []
        self.hashes = {}
        self.covered = 0
        self.keys = {}

    def differs(self, where, what):
        self.differences.append({"where": where, "what": what})

    def run(self):
        """Look at everything, in the order in which one thing rests on the other."""
        if part(self.receipt, "form", str) != FORM:
            raise Form(f"this is no receipt of the form “{FORM}”")
        self.matter = UUID(part(self.receipt, "matter", str))
        self.entries()
        self.find_keys()
        proofs = part(self.receipt, "proofs", list)
        for number, proof in enumerate(proofs, start=1):
            self.guarded(f"proof {number}", self.proof, f"proof {number}", proof)
        self.guarded("receipt", self.whole)
        last = max(self.hashes, default=0)
        if self.covered < last:
            first = self.covered + 1
            which = f"entry {last}" if first == last else f"entries {first} to {last}"
            self.facts.append(f"{which}: under no daily root when the receipt was made, the signature alone answers")

    def guarded(self, where, look, *given):
        try:
            look(*given)
        except Form as reason:
            self.differs(where, str(reason))

    def entries(self):
        """The chain of entries, each with its texts."""
        previous = GENESIS
        entries = part(self.receipt, "entries", list)
        if not entries:
            raise Form("there is no entry in it")
        for number, entry in enumerate(entries, start=1):
            where = f"entry {number}"
            try:
                previous = self.entry(where, number, entry, previous)
            except Form as reason:
                self.differs(where, str(reason))
                previous = GENESIS

    def entry(self, where, number, entry, previous):
        body, claimed = octets(entry, "body"), octets(entry, "hash", 32)
        seq = part(entry, "seq", int)
        if seq != number:
            self.differs(where, f"it bears the number {seq}: an entry is missing, or they stand in another order")
        algorithm, told = told_by(body)
        if digest(previous + body, algorithm) != claimed:
            self.differs(where, "its hash does not follow from its content and the entry before it: one was changed")
        for name, expected in (("matter", str(self.matter)), ("seq", number)):
            if told.get(name) != expected:
                self.differs(where, f"its content says {name} {told.get(name)!r} instead of {expected!r}")
        commitments = told.get("texts") if isinstance(told.get("texts"), dict) else {}
        for name, text in sorted(part(entry, "texts", dict).items()):
            self.guarded(f"{where}, text “{name}”", self.text, where, name, text, commitments, algorithm)
        self.hashes[number] = claimed
        return claimed

    def text(self, where, name, text, commitments, algorithm):
        value, salt = part(text, "value", str).encode("utf-8", "surrogatepass"), octets(text, "salt", SALT)
        if name not in commitments:
            raise Form("this entry was hashed without such a text")
        if digest(salt + value, algorithm).hex() != commitments[name]:
            raise Form("these are not the words that were hashed")

    def find_keys(self):
        """The keys by their names, which follow from them: those that are trusted, and those of the receipt."""
        self.keys = {hashlib.sha256(public).hexdigest()[:16]: public for public in self.trusted}
        for key in part(self.receipt, "keys", list):
            where = "keys"
            try:
                public, name = octets(key, "public"), part(key, "id", str)
                if hashlib.sha256(public).hexdigest()[:16] != name:
                    raise Form(f"the key that is called {name} is another one")
                if len(public) != KEYS.get(part(key, "algorithm", str)):
                    raise Form(f"the key {name} is neither one for Ed25519 nor one for SM2")
                self.keys[name] = public
            except Form as reason:
                self.differs(where, str(reason))

    def signature(self, where, name, purpose, message, value):
        public = self.keys.get(name)
        if public is None:
            raise Form(f"the key {name} of its signature is not in the receipt")
        if self.trusted and public not in self.trusted:
            raise Form(f"it is signed with the key {name}, which is none of those that you trust")
        fits = sm2_signed if len(public) == KEYS["sm2"] else signed
        if not fits(public, purpose + message, value):
            raise Form("its signature does not fit: it was changed, or not signed by the city")

    def proof(self, where, proof):
        """The way from an entry to a signed root."""
        seq, head = part(proof, "seq", int), octets(proof, "head", 32)
        if seq not in self.hashes:
            raise Form(f"it is about entry {seq}, which is not here: the history was cut off after it")
        if self.hashes[seq] != head:
            self.differs(where, f"the root covers another entry {seq} than the one here: the history was rewritten")
        root = part(proof, "root", dict)
        day = part(root, "day", str)
        body, claimed = octets(root, "body"), octets(root, "hash", 32)
        algorithm, told = told_by(body)
        if told.get("form") != ROOT_FORM:
            raise Form("its root has another form")
        for name in ROOT_COLUMNS:
            if root.get(name) != told.get(name):
                self.differs(where, f"its root says {name} {root.get(name)!r}, what was signed {told.get(name)!r}")
        if root.get("algorithm") != algorithm:
            self.differs(where, "its root names another hash function than what was signed")
        if digest(octets(told, "previous", 32) + body, algorithm) != claimed:
            self.differs(where, f"the fingerprint of the root of {day} does not follow from its content")
        reached = self.reached(proof, seq, head, algorithm)
        if reached != octets(told, "root", 32) or part(proof, "size", int) != told.get("leaves"):
            self.differs(where, f"entry {seq} does not stand under the root of {day}")
        self.signature(where, part(told, "key", str), b"civicloop root\n", claimed, octets(root, "signature", 64))
        kept = self.kept.get(day)
        if kept is not None and kept != claimed.hex():
            self.differs(where, f"the root of {day} that you kept is another one")
        if not any(each["where"] == where for each in self.differences):
            self.covered = max(self.covered, seq)
            beside = ", as in the copy that you kept" if kept else ""
            made = root["made_at"]
            self.facts.append(f"entries up to {seq} stand under the signed root of {day}, made {made}{beside}")

    def reached(self, proof, seq, head, algorithm):
        """The root to which the path leads (RFC 6962); None where the path has not the form of its place."""
        place, size = part(proof, "index", int), part(proof, "size", int)
        path = [octets({"path": each}, "path", 32) for each in part(proof, "path", list)]
        if not 0 <= place < size:
            return None
        here = digest(b"\x00" + self.matter.bytes + struct.pack(">Q", seq) + head, algorithm)
        while size > 1:
            if place % 2 or place + 1 < size:
                if not path:
                    return None
                beside = path.pop(0)
                here = digest(b"\x01" + (beside + here if place % 2 else here + beside), algorithm)
            place, size = place >> 1, (size + 1) >> 1
        return None if path else here

    def whole(self):
        """The signature over the receipt as a whole, which alone binds the number to the matter."""
        signature = part(self.receipt, "signature", dict)
        name, value = part(signature, "key", str), octets(signature, "value", 64)
        content = {key: each for key, each in self.receipt.items() if key != "signature"}
        self.signature("receipt", name, b"civicloop receipt\n", canonical(content), value)
        number, made = part(self.receipt, "number", str), part(self.receipt, "made_at", str)
        self.facts.append(f"signed for number {number} at {made}")


def attached(content):
    """What is attached to a PDF, each file as bytes."""
    found = []
    for mark in re.finditer(rb"/Type\s*/EmbeddedFile", content):
        start = content.find(b"stream", mark.end())
        begin = content.find(b"\n", start) + 1
        about = content[content.rfind(b"obj", 0, mark.start()) : start]
        length = re.search(rb"/Length\s+(\d+)", about)
        if start < 0 or length is None:
            continue
        packed = content[begin : begin + int(length.group(1))]
        try:
            found.append(zlib.decompressobj().decompress(packed, MOST) if b"/FlateDecode" in about else packed)
        except zlib.error:
            continue
    return found


def read_receipt(path):
    """The receipt in a JSON file, or attached to a PDF. Raises OSError, ValueError."""
    content = Path(path).read_bytes()
    if not content.startswith(b"%PDF"):
        return json.loads(content.decode("utf-8"))
    for each in attached(content):
        try:
            found = json.loads(each.decode("utf-8"))
        except ValueError:
            continue
        if isinstance(found, dict) and "form" in found:
            return found
    raise ValueError("this PDF has no receipt in it")


def trusted_key(given):
    """The keys that an argument names: hexadecimal digits, or a file with them or with the JSON of the API."""
    path = Path(given)
    text = path.read_text(encoding="utf-8").strip() if path.is_file() else given.strip()
    if text.startswith("{"):
        return [bytes.fromhex(key["public"]) for key in json.loads(text)["keys"]]
    found = bytes.fromhex(text)
    if len(found) not in KEYS.values():
        raise ValueError(f"{given}: a key has 64 hexadecimal digits, or 130")
    return [found]


def kept_roots(names):
    """The fingerprints of the roots in some files or folders, by day."""
    found = {}
    for name in names:
        path = Path(name)
        for each in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            content = json.loads(each.read_text(encoding="utf-8"))
            for root in content.get("items", [content]):
                found[root["day"]] = root["hash"]
    return found


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    words.add_argument("receipt", help="the PDF or JSON file that was downloaded")
    words.add_argument("--key", action="append", default=[], help="a public key of the city, or a file with it")
    words.add_argument(
        "--root", action="append", default=[], help="a published root that was kept, or a folder of them"
    )
    words.add_argument("--json", action="store_true", help="one JSON document instead of words")
    words.add_argument("--pure", action="store_true", help="use no library of this machine for SM3 and Ed25519")
    given = words.parse_args()
    try:
        receipt = read_receipt(given.receipt)
        trusted = [key for each in given.key for key in trusted_key(each)]
        kept = kept_roots(given.root)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as reason:
        print(f"cannot be read: {reason}", file=sys.stderr)
        return 2
    if not given.pure:
        use_the_machine()
    check = Check(receipt, trusted, kept)
    try:
        check.run()
    except (Form, ValueError) as reason:
        check.differs("receipt", str(reason))
    fits = not check.differences
    if given.json:
        keys = sorted(check.keys)
        print(json.dumps({"ok": fits, "differences": check.differences, "facts": check.facts, "keys": keys}))
        return 0 if fits else 1
    for each in check.differences:
        print(f"DIFFERS  {each['where']}: {each['what']}")
    for each in check.facts:
        print(f"fits     {each}")
    if fits and not trusted:
        for name, public in sorted(check.keys.items()):
            print(f"compare  this key with what the city has published: {name} {public.hex()}")
    print("相符：记录未被改写。 Everything fits." if fits else "不符：见上。 Something differs, see above.")
    return 0 if fits else 1


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
