"""Whether a connection works, step by step; the form of the answer is ``dimona_provider.checks``."""
