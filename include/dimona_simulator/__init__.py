"""
The Belgian NSSO's Dimona REST service v2, simulated: a second reading of the facts.

It imports nothing of the provider it tests. ``Simulator`` answers requests in process (an httpx transport) or
over HTTP (``python -m include.dimona_simulator --help``). See docs/simulator.md.
"""

from include.dimona_simulator.fault_plan import FaultPlan, Rule
from include.dimona_simulator.faults import Fault, Operation
from include.dimona_simulator.journal import JournalEntry, read_journal
from include.dimona_simulator.judgement import judge
from include.dimona_simulator.schedule import polls_off_schedule
from include.dimona_simulator.settings import BASE_PATH, TOKEN_PATH, Registers, Settings, Timing
from include.dimona_simulator.simulator import Simulator
from include.dimona_simulator.structure import Malformed
from include.dimona_simulator.truth import Taken, fingerprint, read_taken

__all__ = [
    "BASE_PATH",
    "TOKEN_PATH",
    "Fault",
    "FaultPlan",
    "JournalEntry",
    "Malformed",
    "Operation",
    "Registers",
    "Rule",
    "Settings",
    "Simulator",
    "Taken",
    "Timing",
    "fingerprint",
    "judge",
    "polls_off_schedule",
    "read_journal",
    "read_taken",
]
