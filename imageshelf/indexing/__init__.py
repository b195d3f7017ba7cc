"""Fills a shelf: walks the folders, compares, reads new files, stores them."""
