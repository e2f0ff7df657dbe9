"""Compares the ledger with the NSSO's periods: ``importing`` first, ``reconciliation`` every night."""
