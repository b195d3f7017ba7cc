"""How a query is related to a picture in which its keypoints were found.

Only names: whoever words an answer needs no arrays.
"""

A_PIECE = "a piece of"  # all of the query is a part of the picture
CONTAINS = "contains"  # all of the picture is in the query
PART = (
    "shares a part with"  # each shows something else as well, or it is not sure to be one picture
)
RELATIONS = (A_PIECE, CONTAINS, PART)
