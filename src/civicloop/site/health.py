"""Signs of life for load balancers and start scripts."""

from datetime import timedelta

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from civicloop.foundation import clock
from civicloop.people.web import public

PATIENCE = timedelta(minutes=1)


@public
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


@public
def ready(request: HttpRequest) -> HttpResponse:
    """200 only when database, migrations and worker are there and no load is under way."""
    state: dict[str, object] = {"database": False, "migrations": False, "worker": False, "loaded": False}
    try:
        executor = MigrationExecutor(connection)
        state["database"] = True
        state["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(at) FROM ops_heartbeat WHERE name = 'worker'")
            last = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM ops_load WHERE wanted AND NOT done")
            state["loaded"] = cursor.fetchone()[0] == 0
        state["worker"] = last is not None and last > clock.now() - PATIENCE
    except Exception as trouble:  # whatever is wrong, the answer is "not ready"
        state["trouble"] = type(trouble).__name__
    return JsonResponse(
        state, status=200 if all(state.get(k) for k in ("database", "migrations", "worker", "loaded")) else 503
    )
