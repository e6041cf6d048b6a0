"""Where a post starts its day."""

from civicloop.people.access import Actor
from civicloop.people.choices import Role

HOMES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({Role.GRID_WORKER}), "/field/"),
    (frozenset({Role.CHECKER}), "/checks/"),
    (frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR}), "/desk/"),
    (frozenset({Role.RECEIVING_CLERK, Role.UNIT_WORKER, Role.UNIT_HEAD}), "/receiving/"),
    (frozenset({Role.LEADER}), "/operations/"),
    (frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}), "/admin/"),
)


def home_of(actor: Actor) -> str:
    """The first page of a post."""
    return home_for(actor.roles)


def home_for(held: frozenset[str]) -> str:
    """The first page of whoever holds these roles."""
    return next((path for roles, path in HOMES if held & roles), "/")
