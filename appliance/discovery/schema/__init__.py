"""Discovery's tables, as commented SQL files."""
