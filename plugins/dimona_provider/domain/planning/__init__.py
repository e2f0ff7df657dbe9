"""From payroll's wishes and the NSSO's periods to lawful declarations; ``planner.plan_worker`` begins it."""
