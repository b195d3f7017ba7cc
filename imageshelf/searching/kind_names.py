"""How two pictures may be related, strongest first, and which of that is a match; no imports."""

SAME_FILE, BYTES, PIXELS = "same file", "identical bytes", "identical pixels"
TURNED, NEAR = "turned", "near"
VARIANT, ANOTHER_SHOT, SIMILAR = "variant", "another shot", "similar"
KINDS = (SAME_FILE, BYTES, PIXELS, TURNED, NEAR, VARIANT, ANOTHER_SHOT, SIMILAR)
IDENTICAL = frozenset({SAME_FILE, BYTES, PIXELS})  # known without a look
BY_RULE = frozenset({BYTES, PIXELS})  # kinds of copies that go without being named
MATCHES = frozenset({*IDENTICAL, TURNED, NEAR})
NOT_COPIES = {
    VARIANT: "differs in part, and is no copy",
    ANOTHER_SHOT: "is another shot, not a copy",
    SIMILAR: "is similar, not a copy",
}
NOT_COMPARED = "could not be compared"  # and is no match, whatever the hashes say


def is_match(kind: str, *, compared: bool) -> bool:
    """Tell whether two pictures are a match; there is no other definition.

    A match is identical, turned or near. `compared` tells whether the pixels were looked at;
    identity is known without.
    """
    return kind in IDENTICAL or (compared and kind in MATCHES)
