"""All pairs of pictures on a shelf that match, without comparing every picture with every other.

`pairs` is the way in, `exhaustive` the definition that the tests hold it to.
`series` is for one query after another.
"""
