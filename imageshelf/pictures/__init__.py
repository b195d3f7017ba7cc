"""One picture file, opened, recognised, decoded, reduced and digested; the recipe of its hashes."""
