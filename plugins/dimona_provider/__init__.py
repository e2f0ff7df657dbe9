"""Dimona declarations for Apache Airflow."""
