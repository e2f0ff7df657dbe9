"""Benchmarks: what our work costs, beside the alternatives, on real components. See docs/benchmarks.md."""
