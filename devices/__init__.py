"""Cameras, microphones and screens of the machines that have them."""
