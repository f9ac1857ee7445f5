"""Shared by the formats: what there is to say of a search, and how it is said in text."""
