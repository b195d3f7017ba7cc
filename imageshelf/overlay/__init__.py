"""Arrays only: two pictures laid over each other, and what differs between them."""
