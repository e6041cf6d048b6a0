"""Pages for faults that pass: a database that is away, a disk without room."""

import errno
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.views import defaults

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRY_AFTER = 30  # seconds


def server_error(request: HttpRequest) -> HttpResponse:
    """503 or 507 with what to do for a fault that passes, else the page of a mistake of ours."""
    fault = sys.exc_info()[1]
    if isinstance(fault, (OperationalError, InterfaceError)):
        status = 503
    elif isinstance(fault, OSError) and fault.errno in FULL:
        status = 507
    else:
        return defaults.server_error(request)
    page = get_template("503.html").render()  # without the request: its person may stand in the database
    return HttpResponse(page, status=status, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"})
