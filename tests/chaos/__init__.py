"""
The chaos suite: real components, killed and failed at random, and the ledger held against the truth.

``python -m tests.chaos`` runs it (docs/testing.md, "Chaos"). Each run has its own ledger and simulator:

- ``plan`` draws a run from its seed: people, faults, kills;
- ``lane`` works runs off on one Airflow, ``kills`` kills it meanwhile;
- ``settling`` goes on without chaos until nothing changes any more;
- ``verdict`` compares the ledger with what the simulator took.
"""
