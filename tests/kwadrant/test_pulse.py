"""What doctor makes of a stream's last batch and of what waits."""

import pytest

from kwadrant.pulse import Pulse, judged

SEEN = {
    "running": (Pulse(3, 0), True, "took its last batch 3 s ago; nothing waits"),
    "busy": (Pulse(119, 4_312), True, "took its last batch 119 s ago; 4,312 records wait"),
    "stuck": (Pulse(725, 4_312), False, "has not moved for 12 min, and 4,312 records wait"),
    "stuck for a minute or two": (Pulse(121, 1), False, "has not moved for 2 min, and 1 record waits"),
    "resting": (
        Pulse(3 * 3_600, 0), True, "took its last batch 3 h ago; nothing waits, so whether it runs does not show",
    ),
    "never begun": (Pulse(None, 7), False, "has not taken a batch since it was seeded; 7 records wait"),
    "nothing to begin with": (Pulse(None, 0), True, "has not taken a batch since it was seeded; nothing waits"),
}  # fmt: skip


@pytest.mark.parametrize("name", SEEN)
def test_a_stream_is_at_fault_only_where_records_wait_and_nobody_takes_them(name: str) -> None:
    pulse, ok, words = SEEN[name]
    found = judged(pulse)
    assert (found.ok, found.found) == (ok, words)
    assert ok or "kwadrant stream" in found.mend
