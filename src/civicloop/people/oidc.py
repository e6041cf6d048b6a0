"""Sign-in at the city's own provider (OpenID Connect Core 1.0, code flow with PKCE). It proves who somebody is, and
gives no right: rights come from posts.

Only the configured issuer and the hosts named beside it are ever asked, without following redirects. Real time on
purpose: a moved clock must not keep a token alive.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
from django.conf import settings as environment
from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import caches, clock, outgoing
from civicloop.people import locks
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError, note, refuse_demonstration, require
from civicloop.people.models import Account, OutsideIdentity
from civicloop.records import audit, settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")  # never a shared secret
SKEW = 60  # seconds by which the two clocks may differ
TIMEOUT, WHOLE = 5.0, 10.0  # seconds for one step of an answer, and for all of it
FRESH_FOR = (
    3600.0  # seconds for which the provider's description and keys are kept; an unknown key is asked for at once
)


@dataclass(frozen=True)
class Provider:
    """The provider as the environment names it."""

    issuer: str
    client_id: str
    secret: str
    hosts: frozenset[str]

    def asks(self, url: str) -> bool:
        """Whether an address lies at the issuer or at a host that the environment names beside it."""
        try:
            parts, own = urlsplit(url), urlsplit(self.issuer)
            if parts.username is not None or parts.hostname is None:
                return False
            if (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port):
                return outgoing.safe(self.issuer)
            return parts.scheme == "https" and parts.port in (None, 443) and parts.hostname in self.hosts
        except ValueError:
            return False


def provider() -> Provider | None:
    """The configured provider, or None where there is none."""
    if not environment.OIDC_ISSUER or not environment.OIDC_CLIENT_ID:
        return None
    hosts = frozenset(host for host in environment.OIDC_HOSTS if host)
    return Provider(environment.OIDC_ISSUER, environment.OIDC_CLIENT_ID, environment.OIDC_SECRET, hosts)


class SignInRefused(PeopleError):
    """A sign-in at the provider that does not open a session; `account` when it is known whose it would have been."""

    def __init__(self, code: str, words: str, account: Account | None = None) -> None:
        super().__init__(code, words)
        self.account = account


def _away() -> SignInRefused:
    return SignInRefused("provider_away", _("The sign-in service does not answer rightly. Try again in a few minutes."))


def _not_proved(code: str) -> SignInRefused:
    words = _("The sign-in service's answer does not prove who you are. Begin again from the sign-in page.")
    return SignInRefused(code, words)


# -- what the provider says --------------------------------------------------------------------------------------------


def _fetch(asked: Provider, url: str, *, form: Mapping[str, str] | None = None, basic: str = "") -> dict[str, Any]:
    """A JSON document of the provider. Raises SignInRefused `provider_away`; a redirect counts as no answer."""
    if not asked.asks(url):
        raise _away()
    headers = {"Accept": "application/json"}
    if basic:
        headers["Authorization"] = f"Basic {basic}"
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        answer = outgoing.ask(
            url, method="GET" if form is None else "POST", body=None if form is None else urlencode(form),
            headers=headers, timeout=TIMEOUT, whole=WHOLE,
        )  # fmt: skip
        found = json.loads(answer.body)
    except (outgoing.NoAnswer, ValueError) as reason:
        raise _away() from reason
    if answer.status != 200 or not isinstance(found, dict):
        if form is not None and 400 <= answer.status < 500:
            raise _not_proved("code_refused")
        raise _away()
    return found


class _Known:
    """What a provider says of itself and its keys, kept for a while in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def get(self, asked: Provider, url: str, *, anew: bool = False) -> dict[str, Any]:
        with self._lock:
            until, found = self._kept.get(url, (0.0, {}))
        if not anew and time.monotonic() < until:
            return found
        found = _fetch(asked, url)
        with self._lock:
            self._kept[url] = (time.monotonic() + FRESH_FOR, found)
        return found

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


_known = _Known()
forget: Callable[[], None] = caches.register(_known.forget)


def _description(asked: Provider) -> dict[str, Any]:
    found = _known.get(asked, asked.issuer.rstrip("/") + "/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != asked.issuer or not all(asked.asks(str(found.get(name, ""))) for name in needed):
        raise _away()
    return found


def _key(asked: Provider, token: str) -> jwt.PyJWK:
    """The provider's key that a token names; keys are asked for anew when it is not among those known."""
    url = str(_description(asked)["jwks_uri"])
    wanted = jwt.get_unverified_header(token).get("kid")
    for anew in (False, True):
        keys = jwt.PyJWKSet.from_dict(_known.get(asked, url, anew=anew)).keys
        fit = [key for key in keys if key.public_key_use in (None, "sig") and wanted in (None, key.key_id)]
        if fit and (wanted is not None or len(fit) == 1):
            return fit[0]
    raise _not_proved("key_unknown")


# -- the walk ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What is kept in the session between going to the provider and coming back; used once."""

    state: str
    nonce: str
    verifier: str


def begin(asked: Provider, *, back: str) -> tuple[str, Asked]:
    """(where to send the browser, what to keep in its session). Raises SignInRefused `provider_away`."""
    kept = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept.verifier.encode()).digest()).rstrip(b"=").decode()
    values = {
        "response_type": "code", "client_id": asked.client_id, "redirect_uri": back, "scope": "openid profile",
        "state": kept.state, "nonce": kept.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    address = str(_description(asked)["authorization_endpoint"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}", kept


@dataclass(frozen=True)
class Proof:
    """Who somebody is in the provider's words."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def second_factor(self) -> bool:
        """Whether the provider asked for one of the ways that the installation takes as a second factor."""
        wanted = set(settings.get_str("sign_in.provider_second_factor").split())
        amr = self.claims.get("amr")
        said = {str(each) for each in amr} if isinstance(amr, list) else set()
        return bool(wanted & (said | {str(self.claims.get("acr", ""))}))


def finish(asked: Provider, *, code: str, kept: Asked, back: str) -> Proof:
    """Change the code that the browser brought for a proof, and look at it closely.

    Raises SignInRefused `provider_away`, `code_refused`, `key_unknown`, `not_proved`.
    """
    description = _description(asked)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": kept.verifier}
    ways, basic = description.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]), ""
    if asked.secret and "client_secret_basic" in ways:
        pair = f"{quote_plus(asked.client_id)}:{quote_plus(asked.secret)}"
        basic = base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": asked.client_id} | ({"client_secret": asked.secret} if asked.secret else {})
    token = _fetch(asked, str(description["token_endpoint"]), form=form, basic=basic).get("id_token")
    if not isinstance(token, str):
        raise _not_proved("not_proved")
    try:
        claims = jwt.decode(
            token, _key(asked, token), algorithms=ALGORITHMS, audience=asked.client_id, issuer=asked.issuer,
            leeway=SKEW, options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError) as reason:
        raise _not_proved("not_proved") from reason
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != asked.client_id:
        raise _not_proved("not_proved")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), kept.nonce.encode()):
        raise _not_proved("not_proved")
    subject = claims["sub"]
    if not 0 < len(subject) <= 255:
        raise _not_proved("not_proved")
    return Proof(asked.issuer, subject, claims)


def way_out(asked: Provider, *, back: str) -> str:
    """Where the browser can end its session at the provider too; empty when the provider offers none."""
    try:
        address = str(_description(asked).get("end_session_endpoint", ""))
    except SignInRefused:
        return ""
    if not asked.asks(address):
        return ""
    values = {"client_id": asked.client_id, "post_logout_redirect_uri": back}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"


# -- whose account it is -----------------------------------------------------------------------------------------------


@transaction.atomic
def account_of(proof: Proof) -> Account:
    """The account that a proof opens; linked before, or now by the name that the installation's setting takes.

    Raises SignInRefused `not_linked`, `closed`, `locked`.
    """
    link = OutsideIdentity.objects.filter(issuer=proof.issuer, subject=proof.subject, ended_at=None).first()
    account = link.account if link else _by_name(proof)
    if account is None:
        words = _("This sign-in belongs to no account here yet. Tell a security administrator this sign: %(subject)s")
        raise SignInRefused("not_linked", words % {"subject": proof.subject})
    if not account.is_active:
        raise SignInRefused("closed", _("This account is closed. Ask a security administrator."), account)
    if locks.waits(account.username):
        words = _("There were too many wrong tries for this account. Wait a while and try again.")
        raise SignInRefused("locked", words, account)
    if link is None:
        link = OutsideIdentity.objects.create(
            account=account, issuer=proof.issuer, subject=proof.subject, linked_at=clock.now()
        )
        audit.write(
            actor_id=account.pk, post_id=None, actor_words=account.username, action="identity.link", object="account",
            outcome="done", detail={"identity": link.pk, "by": "name"},
        )  # fmt: skip
    OutsideIdentity.objects.filter(pk=link.pk).update(last_used_at=clock.now())
    return account


def _by_name(proof: Proof) -> Account | None:
    """The account of the name in the claim that the setting names. One that has ever had a link is linked by hand."""
    claim = settings.get_str("sign_in.provider_name_claim")
    name = proof.claims.get(claim) if claim else None
    if not isinstance(name, str) or not name:
        return None
    account = Account.objects.select_for_update(no_key=True).filter(username=name, demonstration=False).first()
    if account is None or OutsideIdentity.objects.filter(account=account, issuer=proof.issuer).exists():
        return None
    used = OutsideIdentity.objects.filter(issuer=proof.issuer, subject=proof.subject).exists()
    return None if used else account


@transaction.atomic
def link(actor: Actor, *, account_id: int, subject: str) -> OutsideIdentity:
    """Let a sign-in at the provider open an account. Raises PeopleError `forbidden`, `no_provider`, `taken`."""
    require(actor, "posts.change")
    asked, subject = provider(), subject.strip()
    if asked is None:
        raise PeopleError("no_provider", _("This installation has no sign-in service."))
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    refuse_demonstration(account)
    if OutsideIdentity.objects.filter(issuer=asked.issuer, subject=subject, ended_at=None).exists():
        raise PeopleError("taken", _("This sign opens an account already. End that first."))
    made = OutsideIdentity.objects.create(
        account=account, issuer=asked.issuer, subject=subject[:255], linked_at=clock.now(), linked_by=actor.account_id
    )
    note(actor, "identity.link", account.username, {"identity": made.pk, "by": "hand"})
    return made


@transaction.atomic
def unlink(actor: Actor, *, identity_id: int) -> OutsideIdentity:
    """The sign-in at the provider opens the account no more. Raises PeopleError `forbidden`, DoesNotExist."""
    require(actor, "posts.change")
    found = (
        OutsideIdentity.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .get(pk=identity_id)
    )
    if found.ended_at is None:
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        Account.objects.filter(pk=found.account_id).update(sessions=[])  # what is open ends, too: people.sessions
        note(actor, "identity.end", found.account.username, {"identity": found.pk})
    return found
