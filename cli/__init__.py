"""The command line of tfuq, one file per command."""
