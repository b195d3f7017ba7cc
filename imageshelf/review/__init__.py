"""The live page: groups looked at, decided, cleaned up and taken back in the browser."""
