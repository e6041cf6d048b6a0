"""SM2 signatures (GB/T 32918.2) on the recommended curve: checked here, made by the machine's OpenSSL.

Checking has no secret, so plain numbers do. Signing has one, and numbers in Python take a time that depends on it; the
`openssl` program (3.0 or newer) has arithmetic that does not. A public key is 65 bytes (04 ‖ x ‖ y), a signature 64
(r ‖ s), the signer's distinguishing identifier the standard's default.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

from civicloop.foundation import keyfile

IDENTIFIER = b"1234567812345678"
PUBLIC, SIGNATURE = 65, 64  # bytes
LONGEST = 20.0  # seconds for one call of OpenSSL

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GENERATOR = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None  # None is the point at infinity


class CannotSign(RuntimeError):
    """The machine's OpenSSL is missing, too old or refuses; the text says what to do."""


# -- checking ---------------------------------------------------------------------------------------------------------


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that of this public key for this message."""
    key = _point(public)
    if key is None or len(signature) != SIGNATURE:
        return False
    r, s = _number(signature[:32]), _number(signature[32:])
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    found = _plus(_times(s, GENERATOR), _times(t, key))
    return found is not None and (_digest(public, message) + found[0]) % N == r


def _digest(public: bytes, message: bytes) -> int:
    bits = (8 * len(IDENTIFIER)).to_bytes(2, "big")
    curve = b"".join(each.to_bytes(32, "big") for each in (A, B, *GENERATOR))
    about = _sm3(bits + IDENTIFIER + curve + public[1:])
    return _number(_sm3(about + message))


def _sm3(content: bytes) -> bytes:
    return hashlib.new("sm3", content).digest()


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _point(public: bytes) -> Point:
    """The point of a public key; None for what is no point of the curve."""
    if len(public) != PUBLIC or public[0] != 4:
        return None
    x, y = _number(public[1:33]), _number(public[33:])
    on_it = x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0
    return (x, y) if on_it else None


def _plus(one: Point, two: Point) -> Point:
    if one is None or two is None:
        return one or two
    if one[0] == two[0] and (one[1] + two[1]) % P == 0:
        return None
    if one == two:
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P)
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(number: int, point: Point) -> Point:
    found: Point = None
    while number:
        if number & 1:
            found = _plus(found, point)
        point, number = _plus(point, point), number >> 1
    return found


# -- signing, by the machine's OpenSSL --------------------------------------------------------------------------------


def try_out() -> None:
    """Whether this machine can make a key. Raises CannotSign."""
    _openssl("genpkey", "-algorithm", "SM2")


def make_key(path: Path) -> None:
    """A new private key in `path` (PEM, mode 0600), unless somebody else was quicker. Raises CannotSign."""
    keyfile.write_once(path, _openssl("genpkey", "-algorithm", "SM2"))


def public_of(path: Path) -> bytes:
    """The public half of the private key in `path`. Raises CannotSign."""
    described = _openssl("pkey", "-in", str(path), "-pubout", "-outform", "DER")
    public = described[-PUBLIC:]  # the point ends the structure
    if _point(public) is None:
        raise CannotSign(f"{path} is no SM2 key: put back the kept copy")
    return public


def sign(path: Path, message: bytes) -> bytes:
    """The signature of a message with the private key in `path`. Raises CannotSign."""
    options = ("-sm3", "-sign", str(path), "-sigopt", f"distid:{IDENTIFIER.decode()}")
    return _plain(_openssl("dgst", *options, given=message))


def _plain(described: bytes) -> bytes:
    """r ‖ s out of their DER: a sequence of two numbers, each shorter than 128 bytes."""
    numbers, place = [], 2
    for _each in range(2):
        length = described[place + 1]
        numbers.append(_number(described[place + 2 : place + 2 + length]))
        place += 2 + length
    return b"".join(each.to_bytes(32, "big") for each in numbers)


def _openssl(*words: str, given: bytes = b"") -> bytes:
    program = shutil.which("openssl")
    if program is None:
        raise CannotSign("SM2 signatures need the program openssl, 3.0 or newer: install it")
    try:
        done = subprocess.run(  # noqa: S603  our own words, and the path of a key file
            [program, *words], input=given, capture_output=True, timeout=LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise CannotSign(f"{program} cannot be run, or does not answer") from reason
    if done.returncode:
        raise CannotSign(f"openssl {words[0]} refuses: this machine's OpenSSL has no SM2, or the key is damaged")
    return done.stdout
