"""The law of credits. Pure: standard library only; no clock, no randomness, no environment."""
