"""The box in the hall. One sub-package a process; they share only ``appliance.ipc``."""
