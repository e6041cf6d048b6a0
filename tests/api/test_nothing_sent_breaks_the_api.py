"""Requests made up from the published description, sound and unsound: never an error, always what is described.

Half of the examples aim at a matter that exists, so that they get past "not found".
"""

import json
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from civicloop.foundation import ids
from tests import world
from tests.api.calls import Caller, done
from tests.api.test_the_published_description import COMMITTED
from tests.conftest import size

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

pytestmark = pytest.mark.api_fuzz
ACTIONS = (
    "file",
    "dispatch",
    "decline",
    "void",
    "note",
    "decide",
    "answer_part",
    "order_orally",
    "transfer",
    "escalate",
)


def _schema() -> Any:
    from django.core.wsgi import get_wsgi_application

    described = schemathesis.openapi.from_dict(json.loads(COMMITTED.read_text()))
    described.app = get_wsgi_application()
    return described


schema = _schema()
# everybody who can hold a token; FAR: other places and units than the matter's
ROLES = ("channel", "grid", "clerk", "d1-dispatcher", "receiver", "worker", "head", "checker", "supervisor", "leader",
         "system", "security", "audit")  # fmt: skip
FAR = ("s2-clerk", "d2-clerk", "property")
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance)
_known: dict[str, tuple[dict[str, Any], dict[str, dict[str, str]]]] = {}
_turn = [0]


def _prepared(database: str) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """A reported matter of this database and the headers of everybody."""
    if database not in _known:
        matter = done(Caller().report(), 201)
        _known[database] = matter, {user: Caller(user).headers for user in (*ROLES, *FAR)}
    return _known[database]


@schema.parametrize()
@settings(
    max_examples=size(8, 150), deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_request_breaks_it(case: Any, committing: str) -> None:
    matter, headers = _prepared(committing)
    _turn[0] += 1
    turn = _turn[0]
    if turn % 2:
        if "matter_id" in (case.path_parameters or {}):
            case.path_parameters["matter_id"] = matter["id"]
        if "action" in (case.path_parameters or {}):
            case.path_parameters["action"] = ACTIONS[turn // 2 % len(ACTIONS)]
            if isinstance(case.body, dict):
                case.body["act_id"] = str(ids.uuid7(world.START))
    everybody = [*headers, ""]
    who = everybody[turn % len(everybody)]  # all by turns, one of them nobody
    if who:
        case.headers = {**(case.headers or {}), "Authorization": headers[who]["Authorization"]}
    answer = case.call()
    case.validate_response(answer, checks=CHECKS)
    if who in {"", *FAR}:
        assert matter["number"] not in answer.text, f"{who or 'nobody'} was told of another place's matter"
