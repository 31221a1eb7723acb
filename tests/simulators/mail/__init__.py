"""A mail server that keeps every message for an inbox page, and fails on demand."""
