"""One grid event from report to rating through the transition function, as the engine calls it."""

from civicloop.procedures.rules import reading, run
from civicloop.procedures.rules.conditions import Given

GIVEN = Given(guard=lambda name: False)


def test_from_report_to_rating_and_state_survives_json() -> None:
    procedure = reading.load(reading.SHIPPED / "grid-event.toml")
    state = run.start(procedure).state
    for action, result in (
        ("file", None),
        ("dispatch", None),
        ("accept", None),
        ("assign", None),
        ("handle", None),
        ("feed_back", None),
        ("post_check", "pass"),
        ("close", None),
        ("rate", None),
    ):
        effects = run.apply(procedure, state, action, result, GIVEN)
        state = effects.state
        assert run.RunState.from_json(state.to_json()) == state
    assert (state.step, state.work) == ("closed", "checked")
