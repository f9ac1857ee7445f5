"""The commands, one per file: parse, call the API, print, exit code; no logic. Heavy imports are in the functions."""
