"""What no law can prove and a person has to read: acts that count as handling, approvals, demands, guards, ends."""

from collections.abc import Mapping

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.language import Procedure

Row = Mapping[str, object]


def reading_lists(p: Procedure) -> dict[str, list[Row]]:
    """handling, approvals, demands (each need with the acts that ask for it and its why), guards, unchecked_ends."""
    moves = [move for action in p.actions.values() for move in action.moves]

    def named(move: la.Move) -> Row:
        action = f"{move.declared}.{move.result}" if move.result else move.declared
        return {"action": action, "names": dict(move.names), "from": list(move.from_)}

    handling: list[Row] = [{**named(move), "on_the_spot": move.on_the_spot} for move in moves if move.work]
    handling += [{"action": f"tasks {t.code}", "names": dict(t.names), "from": []} for t in p.tasks.values() if t.work]
    demands: list[Row] = []
    for need in p.needs.values():
        acts = [str(named(move)["action"]) for move in moves if need.code in move.needs]
        acts += [f"tasks {tasks.code}" for tasks in p.tasks.values() if need.code in tasks.needs]
        if acts:
            demands.append(
                {
                    "need": need.code,
                    "kind": need.kind,
                    "names": dict(need.names),
                    "actions": acts,
                    "why": dict(need.why) if need.why else None,
                }
            )
    guards: list[Row] = [
        {"guard": name, "action": move.declared}
        for move in moves
        for kind, name in (move.when.atoms() if move.when else ())
        if kind == "guard"
    ]
    guards += [{"guard": name, "action": f"clock {clock}"} for name, clock in la.guards_of_clocks(p)]
    return {
        "handling": handling,
        "approvals": [{**named(move), "approval": move.approval} for move in moves if move.approval],
        "demands": demands,
        "guards": guards,
        "unchecked_ends": [
            {"step": step.code, "names": dict(step.names), "end": step.end}
            for step in p.steps.values()
            if step.end and step.end not in la.CHECKED_ENDS
        ],
    }
