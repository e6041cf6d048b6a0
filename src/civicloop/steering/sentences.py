"""The five sentences of the morning, each with the address of the matters that it speaks of."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from civicloop.figures import rules
from civicloop.figures import showing as figures_words
from civicloop.steering import showing
from civicloop.steering.choices import Back, What
from civicloop.steering.selectors import Overview


class Sentence(NamedTuple):
    """A sentence with where it leads; `now` where somebody is needed."""

    words: str
    url: str
    now: bool = False


def five(found: Overview) -> list[Sentence]:
    """What burns, who is stuck, what ends today, what came back, what the sample found."""
    return [_burns(found), _stuck(found), _ends(found), _back(found), _sample(found)]


def _burns(found: Overview) -> Sentence:
    whole = found.standing.whole
    if not whole.overdue and not whole.hour:
        return Sentence(_("Nothing is overdue, and nothing falls due within the hour."),
                        showing.address(found, what=What.OPEN))  # fmt: skip
    words = ngettext(
        "%(late)d matter is overdue, %(hour)d fall due within the hour.",
        "%(late)d matters are overdue, %(hour)d fall due within the hour.", whole.overdue,
    ) % {"late": whole.overdue, "hour": whole.hour}  # fmt: skip
    what = What.OVERDUE if whole.overdue else What.HOUR
    return Sentence(words, showing.address(found, what=what), now=True)


def _stuck(found: Overview) -> Sentence:
    if found.owed:
        first = found.owed[0]
        words = _("%(holder)s has waited longest for another unit: %(time)s for %(unit)s.") % {
            "holder": found.units.get(first.holder_id, ""), "unit": found.units.get(first.unit_id, ""),
            "time": showing.since(found, first.oldest),
        }  # fmt: skip
        return Sentence(words, showing.address(found, what=What.PART, unit=first.holder_id, owes=first.unit_id))
    if not found.held:
        return Sentence(_("No unit holds anything that is open."), "")
    held = found.held[0]
    words = _("What has waited longest lies with %(unit)s: %(time)s; no unit waits for another.") % {
        "unit": found.units.get(held.unit_id, ""), "time": showing.since(found, held.oldest)
    }  # fmt: skip
    return Sentence(words, showing.address(found, what=What.OPEN, unit=held.unit_id))


def _ends(found: Overview) -> Sentence:
    limits = [each for each in found.promised if each.what != What.MARK]
    kept, missed = sum(each.kept for each in limits), sum(each.missed for each in limits)
    words = _("Limits and decisions that end today: %(kept)d are still to be kept, %(missed)d were missed.") % {
        "kept": kept, "missed": missed
    }  # fmt: skip
    return Sentence(words, "#promises", now=missed > 0)


def _back(found: Overview) -> Sentence:
    by = {each.how: each.matters for each in found.came_back}
    words = _("Of the last seven days came back: %(returned)d returned, %(rework)d sent back by a check, "
              "%(again)d reopened.") % {
        "returned": by[Back.RETURNS], "rework": by[Back.REWORKS], "again": by[Back.REOPENED]
    }  # fmt: skip
    return Sentence(words, showing.address(found, what=What.BACK))


def _sample(found: Overview) -> Sentence:
    each = found.compared.sample
    if not each.value.per:
        return Sentence(_("No sampled check was made this month."), "")
    wrong = each.value.per - each.value.of
    words = _("The sample of this month found %(wrong)d of %(number)d not true.") % {
        "wrong": wrong, "number": each.value.per
    }  # fmt: skip
    if each.band == rules.TOO_FEW or each.value.small:
        words += " " + figures_words.band_words(rules.TOO_FEW)
    return Sentence(words, "#sample", now=wrong > 0)
