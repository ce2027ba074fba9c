"""Sessions, answers, the release of papers, the log and the API: the process that must never wait."""
