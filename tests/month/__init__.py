"""
A month of a synthetic employer, from payroll to the NSSO's periods, in simulated time.

``python -m tests.month`` runs it (docs/testing.md, "A month"). Everything between payroll and the NSSO is
what ships: intake, planner, ledger, submission, following, settlement and follow-up.

- ``payroll`` draws the workers and what happens to them each day;
- ``lines`` puts a ledger, a simulated NSSO and a clock around what ships, and works one run off;
- ``truth`` reads what the NSSO really took;
- ``verdict`` compares its periods with payroll's wishes, by the calendar;
- ``report`` says what it came to.
"""
