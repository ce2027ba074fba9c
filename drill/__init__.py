"""A whole hall on one machine: simulated seats, faulty lines and disks, the demo."""
