"""The office after the day: receives, verifies, keeps."""
