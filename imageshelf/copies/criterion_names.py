"""The names of the criteria for the copy that stays, in the order of the chain in `keep_rule`."""

CRITERION_NAMES = (
    "sound", "reference", "exists", "prefer", "contents", "scene", "colour", "companions", "camera",
    "pixels", "compression", "written", "plain-name", "older", "short-path",
)  # fmt: skip
ALWAYS_FIRST = CRITERION_NAMES[:4]
