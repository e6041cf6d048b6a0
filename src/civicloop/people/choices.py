"""Roles, kinds of units and relations, with the words that screens use (docs/glossary.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a post is for. One account may hold several posts; separation is by act, not by account."""

    RESIDENT_CHANNEL = "resident_channel", _("Resident channel")
    GRID_WORKER = "grid_worker", _("Grid worker")
    ACCEPTANCE_CLERK = "acceptance_clerk", _("Acceptance clerk")
    DISPATCHER = "dispatcher", _("Dispatcher")
    RECEIVING_CLERK = "receiving_clerk", _("Receiving clerk")
    UNIT_WORKER = "unit_worker", _("Unit worker")
    UNIT_HEAD = "unit_head", _("Unit head")
    CHECKER = "checker", _("Checker")
    SUPERVISOR = "supervisor", _("Supervisor")
    LEADER = "leader", _("Leader")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")
    MEDIATION_CLERK = "mediation_clerk", _("Mediation clerk")
    MEDIATOR = "mediator", _("Mediator")
    MEDIATION_CHAIR = "mediation_chair", _("Mediation committee's chair")
    COURT_CLERK = "court_clerk", _("Court clerk")
    JUDGE = "judge", _("Judge")
    CASE_CLERK = "case_clerk", _("Case clerk")
    PROSECUTOR = "prosecutor", _("Prosecutor")
    CHIEF_PROSECUTOR = "chief_prosecutor", _("Chief procurator")


def role_words(code: str, otherwise: str | None = None) -> str:
    """The words of a role; for what is none `otherwise`, or the code itself."""
    if code in Role.values:
        return str(Role(code).label)
    return code if otherwise is None else otherwise


class UnitKind(models.TextChoices):
    """What kind of body a unit is; enterprises, property managers and duty desks answer for matters too."""

    DEPARTMENT = "department", _("Government department")
    SUBDISTRICT_OFFICE = "subdistrict_office", _("Subdistrict office")
    STATION = "station", _("Station")
    PUBLIC_SERVICE = "public_service", _("Public-service enterprise")
    PROPERTY_MANAGER = "property_manager", _("Property manager")
    VERTICAL_BODY = "vertical_body", _("Vertically managed body")
    ZONE_OR_FARM = "zone_or_farm", _("Zone or farm administration")
    GRID_CENTRE = "grid_centre", _("Grid centre")
    DUTY_DESK = "duty_desk", _("Duty desk")
    COMMITTEE = "committee", _("Residents' or villagers' committee")
    COURT = "court", _("Court")
    PROCURATORATE = "procuratorate", _("Procuratorate")


class AbsenceReason(models.TextChoices):
    """Why somebody is away, no closer than the rota needs: an illness is nobody's business here."""

    LEAVE = "leave", _("Leave")
    TRAINING = "training", _("Training")
    ELSEWHERE = "elsewhere", _("On duty elsewhere")
    OTHER = "other", _("Other")


class FactorKind(models.TextChoices):
    """What is shown beside the password."""

    APP = "app", _("Codes of an app")
    PASSKEY = "passkey", _("Passkey or security key")


class AnomalyKind(models.TextChoices):
    """What in the logs asks for a look."""

    OPENINGS_HOUR = "openings_hour", _("Many openings of personal data in an hour")
    OPENINGS_DAY = "openings_day", _("Many openings of personal data in a day")
    ODD_HOURS = "odd_hours", _("Openings of personal data outside working hours")
    REFUSED = "refused", _("Many refused sign-ins")
    NEW_PLACE = "new_place", _("An administrator's post acted from a new network")
    EXPORT = "export", _("An export of unusual size")


class AnomalyJudgement(models.TextChoices):
    """What an auditor says of it."""

    EXPLAINED = "explained", _("Explained by the work")
    PURSUED = "pursued", _("Not explained, pursued outside this system")
