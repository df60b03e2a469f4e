"""How members of an ensemble come to differ, beyond their seeds."""
