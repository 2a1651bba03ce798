"""The host: plugins, their permissions at the gate, and the ledger of what they asked for."""
