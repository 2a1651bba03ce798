"""The command `zeno`: each subcommand is a module, imported when it is called."""
