"""The invigilator's console: a client of core's API, and nothing else."""
