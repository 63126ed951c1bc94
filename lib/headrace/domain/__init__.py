"""The law: pure functions and frozen values over the standard library and numpy. No I/O, no clock, no randomness."""
