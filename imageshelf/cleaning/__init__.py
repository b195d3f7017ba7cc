"""Cleaning up: plan which copies can go, let them go, take it back.

`planning` decides, `cleanup` applies, `undoing` takes back; `verbs` is what the command line calls.
"""
