"""The rule files of this plug-in, found by the entry point ``runaudit.rules``."""
