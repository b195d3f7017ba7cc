"""The machine, asked safely: files, paths, walking, signals, processes, the terminal."""
