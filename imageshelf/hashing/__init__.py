"""Hashes, their distances, and which of many are near: arrays and integers only."""
