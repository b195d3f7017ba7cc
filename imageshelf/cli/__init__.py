"""The command line: options, verbs, and the pictures to try things on."""
