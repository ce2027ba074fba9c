"""Finds terminals on the LAN by mDNS and says which are found and reachable."""
