"""The WSGI application that granian serves. Refuses to start with a role that could rewrite history."""

import signal
import sys
import threading

if threading.current_thread() is threading.main_thread():
    # a worker is forked with the handler of granian's own process, which would swallow a stop until the worker has its
    # own; whoever is told to stop while it starts has nothing to finish
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

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
