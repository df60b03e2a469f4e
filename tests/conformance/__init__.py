"""What holds of every kind of run: `test_networks` by the library, `test_commands` by the command line."""
