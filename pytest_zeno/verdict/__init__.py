"""Rules, findings, and the verdict they add up to."""
