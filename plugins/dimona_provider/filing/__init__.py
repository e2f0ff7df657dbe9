"""Files a batch so that each intent has exactly one effect; ``submission`` is where it begins."""
