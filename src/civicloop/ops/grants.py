"""What the application role may do: set by one function after each migrate, never by default privileges.

Default privileges would also reach partitions, and a grant on a partition walks past the rule on its parent. A new
partition therefore starts with no grants at all, which is right: the parent's grants suffice.
"""

from django.db import connection
from psycopg import sql

READ_ONLY = {"django_migrations", "records_keychange"}


def append_only() -> set[str]:
    """The tables on which the application role has only SELECT and INSERT (house rule 4)."""
    from civicloop.evidence.choices import APPEND_ONLY as EVIDENCE
    from civicloop.figures.choices import APPEND_ONLY as FIGURES
    from civicloop.matters.choices import APPEND_ONLY as MATTERS
    from civicloop.receipts.choices import APPEND_ONLY as RECEIPTS
    from civicloop.records.choices import APPEND_ONLY as RECORDS

    return {*EVIDENCE, *FIGURES, *MATTERS, *RECEIPTS, *RECORDS}


def sync_grants(application: str) -> None:
    """Give `application` exactly its rights on every relation of schema public. Run as the owner, often."""
    relations = """
        SELECT c.relname, c.relkind, c.relispartition FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v') ORDER BY c.relname"""
    kept = append_only()
    role = sql.Identifier(application)
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(relations)
        for name, kind, partition in cursor.fetchall():
            what = sql.SQL("SEQUENCE {}" if kind == "S" else "TABLE {}").format(sql.Identifier(name))
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}, PUBLIC").format(what, role))
            if partition:
                continue
            if kind == "S":
                rights = "USAGE"
            elif name in READ_ONLY:
                rights = "SELECT"
            elif name in kept:
                rights = "SELECT, INSERT"
            else:
                rights = "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(sql.SQL("GRANT " + rights + " ON {} TO {}").format(what, role))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    missing = kept - {row[0] for row in _names()}
    if missing:
        raise LookupError(f"append-only tables that do not exist: {sorted(missing)}")


def _names() -> list[tuple[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return list(cursor.fetchall())


def refuse_powerful_role() -> str | None:
    """Why the current role must not serve (words for an operator), or None when it is the plain application role."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole,
                      EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                                AND pg_has_role(current_user, c.relowner, 'MEMBER'))
               FROM pg_roles r WHERE r.rolname = current_user"""
        )
        powerful, owner = cursor.fetchone()
        if powerful:
            return "this role is a superuser, may create roles or bypasses row security"
        if owner:
            return "this role owns tables (or is a member of their owner)"
        for table in sorted(append_only()):
            cursor.execute(
                "SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE') "
                "OR has_table_privilege(%s, 'TRUNCATE')",
                [table] * 3,
            )
            if cursor.fetchone()[0]:
                return f"this role may change {table}, which is only ever added to"
    return None
