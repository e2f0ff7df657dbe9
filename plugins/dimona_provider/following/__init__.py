"""Asks for outcomes: ``batch`` of one batch, ``followup`` hourly of all; ``poller`` does the asking."""
