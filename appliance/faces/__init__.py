"""Compares faces with roster photos, in memory only."""
