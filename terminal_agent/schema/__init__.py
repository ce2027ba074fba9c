"""The spool's tables, as commented SQL files."""
