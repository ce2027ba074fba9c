"""The office before the day: authority, rosters, papers, sealing, bundles."""
