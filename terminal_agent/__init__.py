"""The seat: proves the appliance, keeps the candidate's answers, serves the page on loopback."""
