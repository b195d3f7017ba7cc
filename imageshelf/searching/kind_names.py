"""The names of the kinds in which two pictures are related, strongest first; no imports."""

SAME_FILE, BYTES, PIXELS = "same file", "identical bytes", "identical pixels"
TURNED, NEAR, ANOTHER_SHOT, SIMILAR = "turned", "near", "another shot", "similar"
KINDS = (SAME_FILE, BYTES, PIXELS, TURNED, NEAR, ANOTHER_SHOT, SIMILAR)
NOT_COPIES = {ANOTHER_SHOT: "is another shot, not a copy", SIMILAR: "is similar, not a copy"}
