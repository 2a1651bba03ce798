"""What a plugin may do: grants and a request in, a decision out (PERMISSIONS.md)."""
