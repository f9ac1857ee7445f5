"""An example plug-in for runaudit: a log format, a detector with its rule, and an output format."""
