"""What docker-compose.yaml runs besides Airflow itself: its check, first set-up, health checks and demo."""
