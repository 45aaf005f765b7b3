"""Every order in which a CRM can hear of a few changes, for a receiver to be run through.

A small world, enumerated whole: the opportunity changes a few times; each change is told by events, whose
reads start at any time after it, take any time, and are delivered at any time after that, once or twice.
So the orders hold late events, duplicates, retries, replays and redrives, which read what is there by then.
The opportunity is read when the reads start and the summary when they end: as far apart as can be.

The premise is Partner Central's: after every change there is a read that starts after it.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

# The deliveries in their order: which event, and which state the opportunity is in by then.
Order = tuple[tuple[int, int], ...]
Receive = Callable[[dict, dict], dict]
Fetched = Callable[[dict, dict, str, object], dict]


class Read(NamedTuple):
    """One reading of the opportunity because of an event."""

    after: int  # the change that the event tells of
    is_failing: bool = False  # AWS's summary cannot be read
    deliveries: int = 1


class Scenario(NamedTuple):
    """States of the opportunity one after the other, each a date and a summary, and the reads."""

    states: list[tuple[int, str]]
    reads: list[Read]


SCENARIOS = {
    "a change of the summary alone, told twice and late": Scenario(
        [(1, "A"), (1, "B")], [Read(0, deliveries=2), Read(1, deliveries=2), Read(1)]
    ),
    "a summary that changes and changes back": Scenario(
        [(1, "A"), (1, "B"), (1, "A")], [Read(0), Read(1, deliveries=2), Read(2)]
    ),
    "a summary that changes twice, with an event replayed": Scenario(
        [(1, "A"), (1, "B"), (1, "C")], [Read(1, deliveries=2), Read(2, deliveries=2), Read(1)]
    ),
    "an edit and then a change of the summary": Scenario(
        [(1, "A"), (2, "A"), (2, "B")], [Read(1, deliveries=2), Read(2, deliveries=2), Read(0)]
    ),
    "edits only, one of them redriven": Scenario(
        [(1, "A"), (2, "A"), (3, "A")], [Read(0, deliveries=2), Read(1), Read(2)]
    ),
    "a last read without the summary": Scenario(
        [(1, "A"), (1, "B"), (1, "A")], [Read(0), Read(1, deliveries=2), Read(2, is_failing=True)]
    ),
    "no summary with any read of its change": Scenario(
        [(1, "A"), (1, "B")],
        [Read(0, deliveries=2), Read(1, is_failing=True, deliveries=2), Read(1, is_failing=True)],
    ),
    "a summary that is missing while it changes again and again": Scenario(
        [(1, "A"), (1, "B"), (1, "C")],
        [Read(0, deliveries=2), Read(1, is_failing=True), Read(2, is_failing=True)],
    ),
    "an edit whose summary is missing": Scenario(
        [(1, "A"), (2, "A"), (2, "B")], [Read(0), Read(1, is_failing=True, deliveries=2), Read(2)]
    ),
    "four events of one change and back": Scenario(
        [(1, "A"), (1, "B"), (1, "A")], [Read(0), Read(1), Read(1), Read(2)]
    ),
}


def document(state: tuple[int, str]) -> dict:
    """What Partner Central holds in a state: the opportunity and AWS's summary."""
    modified, summary = state
    return {"opportunity": {"Id": "O1", "LastModifiedDate": modified}, "awsSummary": {"Insights": summary}}


def event(scenario: Scenario, read: int, instant: int, start: int, end: int) -> dict:
    """The CloudEvent of a read that started at an instant, in one state, and ended in another."""
    opportunity = document(scenario.states[start])["opportunity"]
    summary = document(scenario.states[end])["awsSummary"]
    sequence = f"{opportunity['LastModifiedDate']:015}-{instant:018}"
    if scenario.reads[read].is_failing:
        problem = {"pointer": "/awsSummary", "code": "unavailable", "detail": "AWS did not answer"}
        content, data = [opportunity, sequence], {"opportunity": opportunity, "problems": [problem]}
    else:
        content, data = [opportunity, summary], {"opportunity": opportunity, "awsSummary": summary}
    return {"id": json.dumps(content), "subject": "O1", "sequence": sequence, "data": data}


def orders(scenario: Scenario) -> tuple[list[dict], list[Order]]:
    """The events of a scenario, and every order of deliveries that differs from the others."""
    last = len(scenario.states) - 1
    seen, found = set(), set()

    def go_on(now: int, instant: int, reads: tuple, steps: tuple) -> None:
        """What can come next: a change, the start or the end of a read, or a delivery."""
        here = (now, instant, reads, steps)
        if here in seen:
            return
        seen.add(here)
        if now < last:
            go_on(now + 1, instant, reads, steps)
        elif not any(left for _, _, left in reads):
            found.add(steps)
        for number, (start, end, left) in enumerate(reads):
            if start is None and now >= scenario.reads[number].after:
                go_on(now, instant + 1, with_read(reads, number, ((instant, now), None, left)), steps)
            elif start and end is None:
                go_on(now, instant, with_read(reads, number, (start, now, left)), steps)
            elif start and left:
                delivery = ((number, *start, end), now)
                go_on(now, instant, with_read(reads, number, (start, end, left - 1)), (*steps, delivery))

    go_on(0, 1, tuple((None, None, read.deliveries) for read in scenario.reads), ())
    reads = sorted({read for steps in found for read, _ in steps})
    numbers = {read: number for number, read in enumerate(reads)}
    told = sorted(tuple((numbers[read], now) for read, now in steps) for steps in found)
    return [event(scenario, *read) for read in reads], told


def with_read(reads: tuple, number: int, read: tuple) -> tuple:
    return (*reads[:number], read, *reads[number + 1 :])


def end_state(
    scenario: Scenario, events: list[dict], order: Order, is_late: bool, receive: Receive, fetched: Fetched
) -> dict:
    """What a receiver holds after all deliveries. What an event is without is fetched as it is applied, and
    stored at once or, where it `is_late`, after everything else.
    """
    state: dict = {}
    pending = []
    for number, now in order:
        before, state = state, receive(state, events[number])
        if state.get("id") != before.get("id"):
            held = document(scenario.states[now])
            pending += [(state, name, held[name]) for name in state["missing"]]
        while pending and not is_late:
            state = fetched(state, *pending.pop(0))
    for it in pending:
        state = fetched(state, *it)
    return {name: state.get(name) for name in ("opportunity", "awsSummary")}
