"""Enumerations of the records room, and the tables that are only ever added to."""

APPEND_ONLY = ("records_auditentry", "records_readentry", "records_sealedvalue", "records_setting")

# which sealed field is kept why and how long; docs/records.md explains the rules
FIELDS = {
    "reporter_name": "reporter",
    "reporter_phone": "reporter",
    "reporter_document": "reporter",
    "household_name": "household",
    "household_phone": "household",
    "household_document": "household",
    "applicant_name": "applicant",
    "applicant_phone": "applicant",
    "applicant_document": "applicant",
    "party_name": "matter",
    "party_phone": "matter",
    "party_document": "matter",
}
CLASSES = ("reporter", "household", "applicant")
DEFAULT_RETENTION = "matter"


def retention_of(field: str) -> str:
    """The retention class of a sealed field: whose it is, by the word before its name."""
    whose = field.partition("_")[0]
    return whose if whose in CLASSES else DEFAULT_RETENTION
