"""What a plugin did when it was asked: gathered once, stage by stage, for the rules to look at."""
