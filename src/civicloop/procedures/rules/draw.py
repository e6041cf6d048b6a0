"""Draws a procedure: Mermaid text or an SVG picture with a plain layout in one column, labels in one language.

Acts that lead to an end from most steps (withdrawing, closing by force) would cover the picture with lines; they are
drawn once, from a box that stands for every open step. Acts that move nothing are listed in their step's box.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from civicloop.procedures.rules.language import STAGES, Names, Procedure, Step

ANYWHERE = "*"
ANY_STEP: Names = {"zh-hans": "任一未结环节", "en": "Any open step"}
LAST: Names = {"zh-hans": "（末次）", "en": " (last)"}
WIDTH, HEIGHT, GAP, MARGIN, PORT, LANE = 270, 62, 18, 28, 19, 15
COLOURS = ("#2f6db3", "#b3562f", "#3a8a57", "#7a4fa3", "#a38b1f", "#2f8f9d", "#b33a6b", "#5b6b7b")
FILLS = {
    "collect": "#eef4fb",
    "file": "#eef4fb",
    "dispatch": "#fdf3e1",
    "handle": "#fdeee6",
    "feedback": "#fdeee6",
    "check": "#eaf6ee",
    "evaluate": "#f1f1f1",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An arrow between two steps with the labels of its acts."""

    source: str
    target: str
    labels: tuple[str, ...]


def shown(names: Names, language: str) -> str:
    """The name in `language`, else the Chinese one."""
    return names.get(language) or names.get("zh-hans", "")


def listed(names: Iterable[str], language: str) -> str:
    """Names one after the other, as the language separates them."""
    return ("、" if language.startswith("zh") else ", ").join(name for name in names if name)


def lines(p: Procedure, language: str) -> list[Line]:
    """The arrows of the picture, one for each pair of steps."""
    open_steps = [step.code for step in p.steps.values() if not step.end]
    found: dict[tuple[str, str], dict[str, None]] = {}
    for action in p.actions.values():
        for move in action.moves:
            if move.during:
                continue
            label = shown(action.names, language)
            if move.result:
                label += f" · {shown(move.names, language)}"
            steps = [step for step in move.from_ if move.target(step) != step]
            here = [step for step in steps if not p.steps[step].end]
            if move.to and p.steps[move.to].end and len(here) * 2 > len(open_steps):
                steps = [ANYWHERE, *(step for step in steps if step not in here)]
            for step in steps:
                found.setdefault((step, move.to or step), {})[label] = None
            then = p.bounds[move.counts].then if move.counts else None
            for step in move.from_ if then else ():
                found.setdefault((step, then or ""), {})[label + shown(LAST, language)] = None
    return [Line(source, target, tuple(labels)) for (source, target), labels in found.items()]


def mermaid(p: Procedure, language: str = "zh-hans") -> str:
    """A Mermaid flowchart."""
    out = ["flowchart TD"]
    for step in p.steps.values():
        text = "<br/>".join(_safe(part) for part in _texts(p, step, language))
        out.append(f'  {step.code}(["{text}"])' if step.end else f'  {step.code}["{text}"]')
    drawn = lines(p, language)
    if any(line.source == ANYWHERE for line in drawn):
        out.append(f'  anywhere{{{{"{shown(ANY_STEP, language)}"}}}}')
    for line in drawn:
        source = "anywhere" if line.source == ANYWHERE else line.source
        out.append(f'  {source} -->|"{_safe("<br/>".join(line.labels))}"| {line.target}')
    return "\n".join(out) + "\n"


def _safe(text: str) -> str:
    return text.replace('"', "#quot;")


def _texts(p: Procedure, step: Step, language: str) -> list[str]:
    who = [p.holders[code].names if code in p.holders else p.outside_names.get(code, {}) for code in step.holders]
    clock = shown(p.clocks[step.clock].names, language) if step.clock else ""
    second = " · ".join(part for part in (listed((shown(n, language) for n in who), language), clock) if part)
    return [text for text in (shown(step.names, language), second) if text]


def order(p: Procedure, drawn: list[Line]) -> list[str]:
    """The first step, open steps by the seven stages, then what can be done anywhere, then the ends."""
    open_steps = sorted(
        (step for step in p.steps.values() if not step.end),
        key=lambda step: (step.code != p.start, STAGES.index(step.stage)),
    )
    found = [step.code for step in open_steps]
    if any(line.source == ANYWHERE for line in drawn):
        found.append(ANYWHERE)
    return found + [step.code for step in p.steps.values() if step.end]


class _Side:
    """One side of the column: acts leave on their own line, and one lane leads to each step that they go to."""

    def __init__(self, drawn: list[Line], rows: Mapping[str, int], down: bool) -> None:
        self.lines = [line for line in drawn if (rows[line.target] > rows[line.source]) == down]
        self.rows = rows
        self.targets = list(dict.fromkeys(line.target for line in self.lines))
        self.lane = self._lanes()

    def ports(self, step: str) -> int:
        """How many lines of text this side of the box takes."""
        return (step in self.targets) + sum(len(line.labels) for line in self.lines if line.source == step)

    def _lanes(self) -> dict[str, int]:
        """A lane for each target, so that two lanes over the same rows are never the same."""
        taken: list[list[tuple[int, int]]] = []
        found: dict[str, int] = {}
        spans = {}
        for target in self.targets:
            ends = [self.rows[target], *(self.rows[line.source] for line in self.lines if line.target == target)]
            spans[target] = (min(ends), max(ends))
        for target, (top, bottom) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
            number = 0
            while number < len(taken) and any(top <= b and a <= bottom for a, b in taken[number]):
                number += 1
            if number == len(taken):
                taken.append([])
            taken[number].append((top, bottom))
            found[target] = number
        return found

    def text_width(self) -> float:
        """Room for the longest label."""
        return max((text_width(label) for line in self.lines for label in line.labels), default=0) + 24


def text_width(text: str) -> float:
    """About how wide a text of 11 px is."""
    return sum(11.5 if ord(sign) > 0x2E7F else 6.2 for sign in text)


def svg(p: Procedure, language: str = "zh-hans") -> str:
    """A picture that stands alone: no scripts, no outside fonts; its title and texts can be read by a screen reader.

    The steps stand in one column; acts that lead on go down on the right, acts that lead back go up on the left.
    """
    drawn = lines(p, language)
    column = order(p, drawn)
    rows = {step: number for number, step in enumerate(column)}
    right, left = _Side(drawn, rows, True), _Side(drawn, rows, False)
    box_x = MARGIN + LANE * (max(left.lane.values(), default=0) + 1) + left.text_width()
    tops, y = {}, 2.0 * MARGIN + 10
    for step in column:
        tops[step] = y
        y += _row_height(step, right, left) + GAP
    width = box_x + WIDTH + right.text_width() + LANE * (max(right.lane.values(), default=0) + 1) + MARGIN
    title = escape(f"{shown(p.names, language)} · {p.code} {p.version}")
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y + MARGIN:.0f}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13"><title>{title}</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#44525f"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 6}" font-size="18">{title}</text>',
    ]
    out += _arrows(right, tops, box_x + WIDTH, 1, right.text_width())
    out += _arrows(left, tops, box_x, -1, left.text_width())
    for step in column:
        out += _box(p, step, box_x, tops[step], _row_height(step, right, left), language)
    return "\n".join([*out, "</svg>"]) + "\n"


def _row_height(step: str, right: _Side, left: _Side) -> float:
    return max(HEIGHT, PORT * max(right.ports(step), left.ports(step)) + 8.0)


def _arrows(side: _Side, tops: Mapping[str, float], edge: float, sign: int, reach: float) -> list[str]:
    """Every act of one side: its label on its own line, joined to the lane of the step it leads to."""
    out = []
    lane_x = {target: edge + sign * (reach + LANE * (lane + 0.5)) for target, lane in side.lane.items()}
    colour = {target: COLOURS[number % len(COLOURS)] for number, target in enumerate(side.targets)}
    for target in side.targets:
        y = tops[target] + PORT - 4
        out.append(
            f'<path d="M{lane_x[target]:.0f} {y:.0f}H{edge + sign * 3:.0f}" fill="none" stroke="{colour[target]}" '
            f'stroke-width="1.4" marker-end="url(#tip)"/>'
        )
    used: dict[str, int] = {step: int(step in side.targets) for step in tops}
    for line in side.lines:
        for label in line.labels:
            used[line.source] += 1
            y, x = tops[line.source] + PORT * used[line.source] - 4, lane_x[line.target]
            out.append(
                f'<path d="M{edge:.0f} {y:.0f}H{x:.0f}V{tops[line.target] + PORT - 4:.0f}" fill="none" '
                f'stroke="{colour[line.target]}" stroke-width="1.4"/>'
            )
            anchor = "start" if sign > 0 else "end"
            out.append(
                f'<text x="{edge + sign * 10:.0f}" y="{y - 3:.0f}" text-anchor="{anchor}" font-size="11" '
                f'fill="#26323d" stroke="#fff" stroke-width="3" paint-order="stroke">{escape(label)}</text>'
            )
    return out


def _box(p: Procedure, code: str, x: float, y: float, height: float, language: str) -> list[str]:
    step = p.steps.get(code)
    texts = _texts(p, step, language) if step else [shown(ANY_STEP, language)]
    stays = _stays(p, step, language) if step else []
    if stays:
        texts = [*texts, "↻ " + listed(stays, language)]
    fill = FILLS.get(step.stage, "#fff") if step else "#fff"
    radius = min(height / 2, 26) if step and step.end else 8
    out = [
        f'<g><title>{escape(" — ".join(texts))}</title><rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" rx="{radius:.0f}" fill="{fill}" stroke="#5b6b7b"/>'
    ]
    top = y + height / 2 - 8 * (len(texts) - 1) + 4
    for number, text in enumerate(texts):
        size, colour = (14, "#1b2733") if number == 0 else (10, "#4c5d6e")
        room = (WIDTH - 14) * 11 / size
        while text_width(text) > room:
            text = text[:-2] + "…"
        out.append(
            f'<text x="{x + WIDTH / 2:.0f}" y="{top + 17 * number:.0f}" text-anchor="middle" font-size="{size}" '
            f'fill="{colour}">{escape(text)}</text>'
        )
    return [*out, "</g>"]


def _stays(p: Procedure, step: Step, language: str) -> list[str]:
    """Acts at `step` that move nothing."""
    return list(
        dict.fromkeys(
            shown(action.names, language)
            for action in p.actions.values()
            for move in action.moves
            if step.code in move.from_ and not move.during and move.target(step.code) == step.code
        )
    )
