"""From what payroll or a team wishes to intents in the ledger; ``intake`` is where it begins."""
