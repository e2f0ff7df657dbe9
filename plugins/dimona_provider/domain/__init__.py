"""The law and the words of Dimona as plain values; no I/O, no Airflow."""
