"""Takes sealed recordings from the seats and keeps them until the office has verified them."""
