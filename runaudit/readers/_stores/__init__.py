"""Shared by the readers of experiment trackers' stores."""
