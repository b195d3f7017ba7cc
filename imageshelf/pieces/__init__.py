"""Keypoints of pictures, and how a piece of one picture is found in another; arrays only."""
