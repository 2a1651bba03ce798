"""`manifest.yaml`: read strictly, every problem at once (ABI.md section 7)."""
