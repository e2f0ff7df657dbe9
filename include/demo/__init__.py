"""
Airflow's four components and the NSSO simulator as ordinary processes, for ``make demo`` and the tests.

``Stack`` starts, watches and stops them; ``python -m include.demo up|down|status`` is the demo.
"""
