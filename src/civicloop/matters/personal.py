"""Whose the personal data of a matter are: the word before the name of every sealed field, by which it is retained.

A procedure says who stands outside; what a report brings of a person and what its acts seal are that person's.
"""

from civicloop.procedures.rules.language import Procedure

# who stands outside → the word before the fields; anybody else outside is a unit, and the person is whoever reports
WHOSE = {"reporter": "reporter", "household": "household", "resident": "applicant", "party": "party"}


def whose(procedure: Procedure) -> str:
    """Whose data a matter of this procedure holds: reporter, household, applicant, party."""
    return next((WHOSE[relation] for relation in procedure.outside if relation in WHOSE), "reporter")


def sealed_field(procedure: Procedure, name: str) -> str:
    """The name under which a personal value is sealed: `household_phone` for `phone` of a household's matter."""
    return f"{whose(procedure)}_{name}"
