"""Sessions, answers, release, log and API: the process that must never wait."""
