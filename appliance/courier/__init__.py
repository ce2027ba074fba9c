"""Carries parcels to the central office, by line or by stick."""
