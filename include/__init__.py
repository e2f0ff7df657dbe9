"""What the demo and the tests need around the package: a simulated NSSO, an invented payroll, a launcher."""
