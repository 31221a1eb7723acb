"""The content of the questionnaires, as data, and how it is loaded."""
