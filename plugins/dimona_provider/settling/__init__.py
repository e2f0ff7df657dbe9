"""Finds out what became of what is unclear; ``settlement`` is where it begins."""
