"""Guests that only benchmarks use."""
