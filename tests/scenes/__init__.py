"""Drawn scenes like photographs: an endless supply of pictures that nobody owns."""
