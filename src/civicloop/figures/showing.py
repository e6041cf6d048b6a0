"""A table of figures in words: what the page, the files and a kept table show, all from the same cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from civicloop.figures import rules, scoring
from civicloop.figures.rules import Indicator, Value
from civicloop.figures.scoring import Score
from civicloop.figures.selectors import Figure, Row, Table
from civicloop.foundation.names import shown

NONE = "—"
TRUTH = "sample_truth_rate"  # told beside rates, with its interval


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure in words: its value, the numbers behind it, the changes, the band with its words."""

    indicator: str
    value: str
    sample: str
    left_out: str
    change: str
    year_change: str
    band: str
    band_words: str
    empty: bool

    @property
    def known(self) -> bool:
        """Whether there is a value: a rate of nothing has none, and nothing to compare."""
        return self.value != NONE

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(words, band) of what stands under the value, in order; the band is empty but for the last of them."""
        found = [self.sample]
        if self.known:
            before, year = pgettext("the period before", "before"), pgettext("a year ago", "year")
            found += [f"{before} {self.change}", f"{year} {self.year_change}"]
        return [(words, "") for words in [*found, self.left_out] if words] + (
            [(self.band_words, self.band)] if self.band_words else []
        )


def name_of(indicator: Indicator) -> str:
    """The indicator's name in the reader's language."""
    return shown(indicator.names, get_language() or "zh-hans")


def said_of(indicator: Indicator) -> str:
    """Its definition in the reader's language."""
    return shown(indicator.said, get_language() or "zh-hans")


def cell(figure: Figure) -> Cell:
    """A figure in words."""
    each, value = figure.indicator, figure.value
    return Cell(
        each.code, value_words(each, value), sample_words(value) + _interval_words(each, value), left_out_words(value),
        change_words(each, figure.change), change_words(each, figure.year_change), figure.band,
        band_words(figure.band), value.of == 0,
    )  # fmt: skip


def value_words(indicator: Indicator, value: Value) -> str:
    if value.value is None:
        return NONE
    return f"{value.value:.{indicator.decimals}f} %" if indicator.rate else str(value.of)


def sample_words(value: Value) -> str:
    """The numbers of a rate; nothing for a number."""
    return f"{value.of} / {value.per}" if value.per else ""


def _interval_words(indicator: Indicator, value: Value) -> str:
    """The 95 % interval of what a sample found; nothing for what counts all."""
    if indicator.code != TRUTH or not value.per:
        return ""
    low, high = (100 * each for each in rules.interval(value.of, value.per))
    return _(" (95 %% interval %(low)s to %(high)s %%)") % {
        "low": f"{max(0.0, low):.1f}",
        "high": f"{min(100.0, high):.1f}",
    }


def left_out_words(value: Value) -> str:
    share = value.left_out_share
    if not value.left_out or share is None:
        return ""
    return _("%(number)s left out (%(share)s %%)") % {"number": value.left_out, "share": share}


def change_words(indicator: Indicator, change: float | None) -> str:
    """A change with its sign; percentage points for rates; "—" where the base is zero."""
    if change is None:
        return NONE
    unit = pgettext("percentage points", "pp") if indicator.rate else "%"
    return f"{change:+.{indicator.decimals}f} {unit}"


def band_words(band: str) -> str:
    return {
        rules.ABOVE: _("above all of its like"), rules.SIMILAR: _("like all of its like"),
        rules.BELOW: _("below all of its like"), rules.TOO_FEW: _("too few to compare"),
    }.get(band, "")  # fmt: skip


def ground_words(table: Table) -> list[str]:
    """What is to be said of areas that were divided or joined since the periods before."""
    found = []
    comma = pgettext("between names", ", ")
    if table.placed:
        words = _(
            "The periods before are told on today’s boundaries: matters of %(areas)s were placed by their points."
        )
        found.append(words % {"areas": comma.join(table.placed)})
    if table.unplaced:
        words = _("Not all matters of %(areas)s could be placed on today’s boundaries: they have no point, or they are"
                  " too many for one page.")  # fmt: skip
        found.append(words % {"areas": comma.join(table.unplaced)})
    if table.formed:
        words = _("This area has taken the place of %(areas)s since, whole or in part. By unit, class, kind or channel"
                  " the periods before have no base; by area they have.")  # fmt: skip
        found.append(words % {"areas": comma.join(table.formed)})
    return found


def score_words(score: Score) -> str:
    """A score; "—" where there is none."""
    return NONE if score.total is None else f"{score.total:.1f}"


def no_score_words(score: Score) -> str:
    """Why there is no score."""
    if score.total is not None:
        return ""
    return band_words(rules.TOO_FEW) if score.listed else _("not on the sealed roster")


def points_words(points: float | None) -> str:
    """What a rate brings; "—" where it says too little."""
    return NONE if points is None else f"{points:.1f}"


def grade_words(grade: str) -> str:
    """A grade in words; it stands beside its colour."""
    return {
        "excellent": pgettext("grade", "excellent"), "good": pgettext("grade", "good"),
        "pass": pgettext("grade", "sufficient"), scoring.LOWEST: pgettext("grade", "to be improved"),
    }.get(grade, grade)  # fmt: skip


def cells(row: Row, indicators: Sequence[Indicator]) -> list[Cell]:
    """The cells of a row in the order of the columns."""
    return [cell(row.figures[each.code]) for each in indicators]


def paper(table: Table, name: str) -> tuple[list[str], list[list[list[str]]]]:
    """(columns, rows) for paper: cells of lines as the page has them, the whole first."""
    columns = [pgettext("figures", "Name"), *(name_of(each) for each in table.indicators)]
    rows = [
        [[row.name or name, row.code or (_("the whole") if row is table.whole else "")],
         *([made.value, *(words for words, _band in made.lines)] for made in cells(row, table.indicators))]
        for row in (table.whole, *table.rows)
    ]  # fmt: skip
    return columns, rows


def sheet(table: Table, name: str) -> tuple[list[str], list[list[str | int]]]:
    """(columns, rows) of a file: what the page shows, the whole first; numbers that are no rates as numbers."""
    columns = [pgettext("figures", "Code"), pgettext("figures", "Name")]
    for each in table.indicators:
        title = name_of(each)
        columns.append(title)
        if each.rate:
            columns.append(_("%(indicator)s: numbers") % {"indicator": title})
        columns += [_("%(indicator)s: to the period before") % {"indicator": title},
                    _("%(indicator)s: to a year ago") % {"indicator": title}]  # fmt: skip
        if each.rate:
            columns += [_("%(indicator)s: left out") % {"indicator": title},
                        _("%(indicator)s: compared") % {"indicator": title}]  # fmt: skip
    rows = []
    for row in (table.whole, *table.rows):
        line: list[str | int] = [row.code, row.name or name]
        for each, made in zip(table.indicators, cells(row, table.indicators), strict=True):
            line.append(made.value if each.rate else row.figures[each.code].value.of)
            line += [made.sample] if each.rate else []
            line += [made.change, made.year_change]
            line += [made.left_out, made.band_words] if each.rate else []
        rows.append(line)
    return columns, rows


def kept(table: Table, name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """What a kept table holds: names, formulas and numbers, in both languages where there are two."""
    return {
        **about, "name": name,
        "indicators": [
            {"code": each.code, "names": dict(each.names), "said": dict(each.said), "formula": each.formula(),
             "rate": each.rate, "decimals": each.decimals} for each in table.indicators
        ],
        "rows": [
            {"member": row.member, "code": row.code, "name": row.name or name,
             "figures": {code: [f.value.of, f.value.per, f.value.left_out, _tenths(f.value.value)]
                         for code, f in row.figures.items()}}
            for row in (table.whole, *table.rows)
        ],
    }  # fmt: skip


def _tenths(value: float | None) -> str | None:
    return None if value is None else str(value)


def kept_words(figure: Sequence[Any], *, rate: bool, decimals: int) -> tuple[str, str]:
    """(value, numbers) of a figure that was kept: [of, per, left out, value]."""
    of, per, _left_out, value = figure
    if not rate:
        return str(of), ""
    return NONE if value is None else f"{float(value):.{decimals}f} %", f"{of} / {per}" if per else ""


def not_shown() -> str:
    """What stands for a hidden cell: a small one, or the one beside it that keeps it from being found."""
    return pgettext("a hidden figure", "not shown")
