"""`stratolab tracking`: jobs and sweeps in MLflow."""
