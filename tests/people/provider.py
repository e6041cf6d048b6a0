"""A small OpenID provider for the tests: a real HTTP server on 127.0.0.1 with real RSA keys."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "civicloop-tests", "a secret: of the tests"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _forged(claims: dict[str, Any], kid: str, algorithm: str, secret: bytes) -> str:
    """A token as no library would write it."""
    parts = [json.dumps(each).encode() for each in ({"alg": algorithm, "typ": "JWT", "kid": kid}, claims)]
    body = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    signature = b"" if algorithm == "none" else hmac.digest(secret, body, "sha256")
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Provider:
    """Signs in whoever asks, as `claims` says; the other attributes make it err."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys = {"one": new_key()}
        self.kid = "one"
        self.claims: dict[str, Any] = {"sub": "person-1", "preferred_username": "clerk"}
        self.override: dict[str, Any] = {}  # claims put over what is right
        self.sign_with: tuple[Any, str] | None = None  # (key, algorithm) of a forger
        self.forge: tuple[str, bytes] | None = None  # (algorithm, bytes used as a shared secret)
        self.description: dict[str, Any] = {}
        self.redirect_keys_to = ""
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
        } | self.description  # fmt: skip

    def jwks(self) -> dict[str, Any]:
        found = [json.loads(RSAAlgorithm.to_jwk(key.public_key())) for key in self.keys.values()]
        return {"keys": [{**jwk, "kid": kid, "use": "sig"} for jwk, kid in zip(found, self.keys, strict=True)]}

    def token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.claims | self.override
        if self.forge is not None:
            return _forged(claims, self.kid, *self.forge)
        key, algorithm = self.sign_with or (self.keys[self.kid], "RS256")
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.kid})


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            pass

        def say(self, document: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def lead(self, where: str) -> None:
            self.send_response(302)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                self.say(provider.document())
            elif parts.path == "/keys" and provider.redirect_keys_to:
                self.lead(provider.redirect_keys_to)
            elif parts.path == "/keys":
                self.say(provider.jwks())
            elif parts.path == "/authorize" and asked["client_id"] == CLIENT:
                code = secrets.token_urlsafe(16)
                provider.codes[code] = asked
                values = {"code": code, "state": asked["state"], "iss": provider.issuer}
                self.lead(f"{asked['redirect_uri']}?{urlencode(values)}")
            else:
                self.say({"error": "not_found"}, 404)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            pair = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            client, _colon, secret = pair.partition(":")
            asked = provider.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            fits = (
                asked is not None
                and (unquote_plus(client), unquote_plus(secret)) == (CLIENT, SECRET)
                and (challenge, "S256") == (asked["code_challenge"], asked["code_challenge_method"])
                and form["redirect_uri"] == asked["redirect_uri"]
            )
            if asked is None or not fits:
                self.say({"error": "invalid_grant"}, 400)
            else:
                self.say({"access_token": "a", "token_type": "Bearer", "id_token": provider.token(asked)})

    return Handler


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
