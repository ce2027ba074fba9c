"""Measurements against named baselines in the same run, as ratios."""
