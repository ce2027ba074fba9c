"""The typed messages between the appliance's processes."""
