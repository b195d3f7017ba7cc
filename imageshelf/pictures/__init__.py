"""One picture file: opened, recognised, decoded, reduced, digested; the recipe of its hashes."""
