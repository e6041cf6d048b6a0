"""The WSGI application that granian serves. Refuses to start with a role that could rewrite history."""

import sys

from civicloop.ops import environment, logs

logs.hook()
environment.prepare(environment.As.APPLICATION)

from django.core.wsgi import get_wsgi_application  # noqa: E402  (Django must be pointed at the database first)
from django.db import connections  # noqa: E402

from civicloop.ops import settling  # noqa: E402
from civicloop.ops.grants import refuse_powerful_role  # noqa: E402

_trouble = refuse_powerful_role()
connections.close_all()
if _trouble:
    print(f"civicloop: refusing to serve: {_trouble}; DATABASE_URL must be the application role", file=sys.stderr)
    sys.exit(1)
application = get_wsgi_application()
settling.settle()
