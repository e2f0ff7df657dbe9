"""
docker-compose.yaml, brought up for real (docs/testing.md, "Compose").

``python -m tests.compose`` files a payroll on Celery workers and triggerers, kills one container of each
meanwhile, and holds the ledger against what the simulator took.

- ``project`` is the compose project: build, up, down, its containers;
- ``ordeal`` runs the DAGs and kills;
- ``claims`` reads the ledger, in a container.
"""
