"""What host and guest say to each other: strict JSON, messages, names (ABI.md section 4)."""
