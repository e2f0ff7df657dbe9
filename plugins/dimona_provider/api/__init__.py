"""The NSSO's REST service over HTTP; no Airflow, no ledger."""
