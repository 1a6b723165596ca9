"""The sections of a report: each file says what one part asks, and reads its answers in words."""
