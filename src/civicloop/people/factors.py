"""The second factor: codes of an app (TOTP, RFC 6238), passkeys (W3C Web Authentication, level 2), codes on paper.

Each write leaves an audit entry. Who must have one: see `needed`.
"""

import hmac
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyotp
import webauthn
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from civicloop.foundation import ciphers, clock
from civicloop.people.access import AREA_ROLES, OPENING_ROLES, SEPARATED, Actor
from civicloop.people.actions import PeopleError, note, refuse_demonstration, require
from civicloop.people.choices import FactorKind
from civicloop.people.models import Account, RecoveryCode, SecondFactor
from civicloop.records import audit, keyring, resealing, sealing, settings

STEP = 30  # seconds of a code
CODES, CODE_SIGNS = 10, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MOST_FACTORS = 8


@dataclass(frozen=True)
class Site:
    """Where the browser believes to be: the relying party of a passkey."""

    host: str
    origin: str
    name: str

    @property
    def takes_passkeys(self) -> bool:
        """A passkey belongs to a domain name, never to a bare address (Web Authentication, 5.1.2)."""
        return bool(self.host) and not self.host.startswith("[") and not self.host.replace(".", "").isdigit()


def of(account: Account) -> list[SecondFactor]:
    """The factors in use, in the order in which they were added."""
    return list(SecondFactor.objects.filter(_in_use(), account=account).order_by("id"))


def _in_use() -> Q:
    return Q(removed_at=None) & ~Q(confirmed_at=None)


def needed(account: Account, actors: Iterable[Actor]) -> bool:
    """Whether this account must have a second factor. Accounts whose password is printed are demonstrations: never."""
    wanted = settings.get_str("sign_in.second_factor")
    if wanted == "nobody" or account.demonstration:
        return False
    return wanted == "everybody" or any(actor.roles & (AREA_ROLES | OPENING_ROLES | SEPARATED) for actor in actors)


def codes_left(account: Account) -> int:
    """How many codes on paper are still good."""
    return RecoveryCode.objects.filter(account=account, used_at=None, replaced_at=None).count()


# -- codes of an app ---------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_app(account: Account, *, name: str) -> tuple[SecondFactor, str]:
    """A key for a code app, not yet in use: (factor, key in base32). Raises PeopleError `too_many`."""
    _room_for_one(account)
    SecondFactor.objects.filter(account=account, kind=FactorKind.APP, confirmed_at=None, removed_at=None).update(
        removed_at=clock.now()
    )
    factor = SecondFactor.objects.create(
        account=account, kind=FactorKind.APP, name=_name(name, _("Code app")), created_at=clock.now()
    )
    key = pyotp.random_base32()
    factor.secret = sealing.seal_bytes(_owner(factor), key.encode())
    factor.save(update_fields=["secret"])
    _note(account, "factor.begin", factor)
    return factor, key


def waiting_app(account: Account) -> tuple[SecondFactor, str] | None:
    """The key that waits for its first code, with the key in base32."""
    factor = SecondFactor.objects.filter(
        account=account, kind=FactorKind.APP, confirmed_at=None, removed_at=None
    ).last()
    return (factor, _key(factor)) if factor else None


def address(account: Account, key: str, site: Site) -> str:
    """What the QR code of a key says (otpauth:// key URI)."""
    return pyotp.TOTP(key).provisioning_uri(name=account.username, issuer_name=site.name)


@transaction.atomic
def confirm_app(account: Account, *, code: str) -> list[str]:
    """Put the waiting key into use by its first code; returns fresh codes on paper when there are none yet.

    Raises PeopleError `no_key`, `wrong_code`.
    """
    found = waiting_app(account)
    if found is None:
        raise PeopleError("no_key", _("Begin again: no key is waiting."))
    factor, key = found
    step = _fitting_step(key, code)
    if step is None:
        raise PeopleError("wrong_code", _("This code is not right. Is the phone's clock right?"))
    factor.counter, factor.confirmed_at = step, clock.now()
    factor.save(update_fields=["counter", "confirmed_at"])
    _note(account, "factor.add", factor)
    return _codes_if_none(account)


def _fitting_step(key: str, code: str) -> int | None:
    """The time step of a code, one step early and late allowed; None when it fits none (real time)."""
    cleaned = code.strip().replace(" ", "")
    app, now = pyotp.TOTP(key), int(time.time()) // STEP
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(app.at(step * STEP).encode(), cleaned.encode()):
            return step
    return None


# -- passkeys ----------------------------------------------------------------------------------------------------------


def passkey_to_add(account: Account, site: Site) -> tuple[str, str]:
    """(options for the browser as JSON, challenge to keep). Raises PeopleError `no_domain`, `too_many`."""
    _room_for_one(account)
    if not site.takes_passkeys:
        raise PeopleError("no_domain", _("Passkeys need this site to have a domain name."))
    known = [PublicKeyCredentialDescriptor(id=bytes(f.credential)) for f in of(account) if f.credential]
    options = webauthn.generate_registration_options(
        rp_id=site.host, rp_name=site.name, user_name=account.username, user_id=f"account:{account.pk}".encode(),
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.DISCOURAGED
        ),
    )  # fmt: skip
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


@transaction.atomic
def add_passkey(
    account: Account, site: Site, *, name: str, answer: Mapping[str, Any], challenge: str
) -> tuple[SecondFactor, list[str]]:
    """Take a passkey into use; (factor, fresh codes on paper when there were none). Raises PeopleError `not_valid`."""
    _room_for_one(account)
    try:
        found = webauthn.verify_registration_response(
            credential=dict(answer), expected_challenge=base64url_to_bytes(challenge), expected_rp_id=site.host,
            expected_origin=site.origin,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as reason:
        raise PeopleError("not_valid", _("The browser's answer does not fit. Nothing was added.")) from reason
    if SecondFactor.objects.filter(credential=found.credential_id).exists():
        raise PeopleError("known", _("This passkey is in use already."))
    factor = SecondFactor.objects.create(
        account=account, kind=FactorKind.PASSKEY, name=_name(name, _("Passkey")), created_at=clock.now(),
        confirmed_at=clock.now(), credential=found.credential_id, public_key=found.credential_public_key,
        counter=found.sign_count,
    )  # fmt: skip
    _note(account, "factor.add", factor)
    return factor, _codes_if_none(account)


def passkey_to_use(account: Account, site: Site) -> tuple[str, str] | None:
    """(options for the browser as JSON, challenge to keep); None when no passkey of this account could be used here."""
    known = [PublicKeyCredentialDescriptor(id=bytes(f.credential)) for f in of(account) if f.credential]
    if not known or not site.takes_passkeys:
        return None
    options = webauthn.generate_authentication_options(
        rp_id=site.host, allow_credentials=known, user_verification=UserVerificationRequirement.DISCOURAGED
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def passkey_fits(account: Account, site: Site, *, answer: str, challenge: str) -> bool:
    """Whether the browser's answer (JSON) proves a passkey of this account. A count of uses that went back does not."""
    try:
        given = json.loads(answer)
        factor = next(f for f in of(account) if f.credential == base64url_to_bytes(str(given["id"])))
        found = webauthn.verify_authentication_response(
            credential=given, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=site.host,
            expected_origin=site.origin, credential_public_key=bytes(factor.public_key or b""),
            credential_current_sign_count=factor.counter,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError, StopIteration):
        return False
    SecondFactor.objects.filter(pk=factor.pk).update(counter=found.new_sign_count, last_used_at=clock.now())
    return True


# -- signing in --------------------------------------------------------------------------------------------------------


def code_fits(account: Account, code: str) -> bool:
    """Whether a typed code is one of the app, or one on paper. Each is good once."""
    for factor in of(account):
        if factor.kind != FactorKind.APP:
            continue
        step = _fitting_step(_key(factor), code)
        if step is not None:
            used = SecondFactor.objects.filter(pk=factor.pk, counter__lt=step)
            return used.update(counter=step, last_used_at=clock.now()) == 1
    paper = RecoveryCode.objects.filter(
        account=account, hash=_paper_hash(account, code), used_at=None, replaced_at=None
    )
    if paper.update(used_at=clock.now()) != 1:
        return False
    audit.write(
        actor_id=account.pk, post_id=None, actor_words=account.username, action="factor.paper", object="account",
        outcome="done",
    )  # fmt: skip
    return True


@transaction.atomic
def remove(account: Account, *, factor_id: int) -> None:
    """Take a factor out of use. Raises PeopleError `unknown`."""
    factor = SecondFactor.objects.filter(_in_use(), account=account, pk=factor_id).first()
    if factor is None:
        raise PeopleError("unknown", _("This is not in use any more."))
    factor.removed_at = clock.now()
    factor.save(update_fields=["removed_at"])
    _note(account, "factor.remove", factor)


@transaction.atomic
def take_away(actor: Actor, *, account_id: int) -> int:
    """Take every factor and code on paper away from somebody who has lost them; returns how many factors.

    By a security administrator who has made sure who asks. Raises PeopleError `forbidden`.
    """
    require(actor, "posts.change")
    account = Account.objects.get(pk=account_id)
    RecoveryCode.objects.filter(account=account, used_at=None, replaced_at=None).update(replaced_at=clock.now())
    number = SecondFactor.objects.filter(account=account, removed_at=None).update(removed_at=clock.now())
    note(actor, "factor.take_away", account.username, {"factors": number})
    return number


@transaction.atomic
def fresh_codes(account: Account) -> list[str]:
    """Ten new codes on paper; the former ones are good no more. Shown once."""
    RecoveryCode.objects.filter(account=account, used_at=None, replaced_at=None).update(replaced_at=clock.now())
    codes = ["".join(secrets.choice(CODE_SIGNS) for _sign in range(10)) for _code in range(CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account=account, hash=_paper_hash(account, code), created_at=clock.now()) for code in codes
    )
    _note(account, "factor.codes", None)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _codes_if_none(account: Account) -> list[str]:
    return [] if codes_left(account) else fresh_codes(account)


def _room_for_one(account: Account) -> None:
    refuse_demonstration(account)
    if len(of(account)) >= MOST_FACTORS:
        words = _("An account holds at most %(most)s of these. Remove one first.") % {"most": MOST_FACTORS}
        raise PeopleError("too_many", words)


def _name(typed: str, else_: str) -> str:
    return typed.strip()[:60] or else_


def _owner(factor: SecondFactor) -> str:
    return f"secret:people_secondfactor:{factor.pk}"


def _key(factor: SecondFactor) -> str:
    return sealing.open_secret(_owner(factor), bytes(factor.secret or b"")).decode()


def _reseal(position: str) -> resealing.Step:
    """The keys of code apps follow a change of the sealing key; one batch of it."""
    rows = list(SecondFactor.objects.exclude(secret=None).filter(id__gt=int(position or 0)).order_by("id")[:200])
    replaced = closed = 0
    for row in rows:
        known = bytes(row.secret or b"")
        try:
            fresh = sealing.resealed(_owner(row), known)
        except (ciphers.CannotOpen, ciphers.CannotSeal):
            closed += 1
            continue
        if fresh is not None:
            replaced += SecondFactor.objects.filter(id=row.id, secret=known).update(secret=fresh)
    return resealing.Step(str(rows[-1].id) if len(rows) == 200 else "", replaced, closed)


def _needed() -> resealing.Needed:
    secrets_ = SecondFactor.objects.exclude(secret=None).values_list("secret", flat=True)
    return dict(Counter((keyring.SEALING, ciphers.key_id(bytes(each or b""))) for each in secrets_.iterator()))


SECRETS = resealing.Place("second factors", _reseal, _needed)


def _paper_hash(account: Account, code: str) -> bytes:
    cleaned = code.strip().upper().replace("-", "").replace(" ", "")
    return salted_hmac("civicloop.people.paper", f"{account.pk}:{cleaned}", algorithm="sha256").digest()


def _note(account: Account, action: str, factor: SecondFactor | None) -> None:
    audit.write(
        actor_id=account.pk, post_id=None, actor_words=account.username, action=action, object="account",
        outcome="done", detail={"kind": factor.kind, "factor": factor.pk} if factor else {},
    )  # fmt: skip
