"""The texts for people: task logs, summaries and notifications."""
