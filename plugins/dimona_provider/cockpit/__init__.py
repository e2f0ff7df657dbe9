"""The cockpit: the ledger's declarations as pages in the Airflow UI, for payroll officers and engineers."""
