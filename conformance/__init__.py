"""The conformance suite: one module for each family of rules."""
