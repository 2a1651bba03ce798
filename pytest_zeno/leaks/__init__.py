"""What stays: memory and objects that a host keeps of calls and loads (docs/leaks.md)."""
