"""What host functions do once they are allowed (ABI.md section 6)."""
