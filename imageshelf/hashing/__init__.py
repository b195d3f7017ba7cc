"""Arrays and integers only: hashes, distances between them, and which of many are near."""
