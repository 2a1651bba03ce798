"""What a plugin may do: grants and a request in, a decision with its reason out (PERMISSIONS.md)."""
