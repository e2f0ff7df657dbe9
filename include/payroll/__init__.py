"""
Synthetic payroll data for demonstrations and tests: people who don't exist, at employers who don't either.

``sample`` makes the records, ``store`` keeps them in SQLite, ``routes`` serves them over HTTP.
"""
