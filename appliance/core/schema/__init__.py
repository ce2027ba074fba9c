"""Core's tables, as commented SQL files."""
