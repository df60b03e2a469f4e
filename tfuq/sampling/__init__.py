"""How samples are drawn: a network at a seed, over windows of a volume, for each member."""
