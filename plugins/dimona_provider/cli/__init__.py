"""The ``dimona`` command: ``main`` has its commands, one module each; ``opening`` is what they share."""
