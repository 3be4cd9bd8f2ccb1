"""The version of the program, printed with every result that can be repeated."""

VERSION = "0.1.0"
