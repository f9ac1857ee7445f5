"""The pieces of the HTML report: its templates, style and script, what they show, and the geometry of its plots."""
