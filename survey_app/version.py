"""The version of the program, printed with every result that can be repeated.

It rises with every change of what a score run stores: pages then say of a run that an earlier program made it.
"""

VERSION = "0.3.0"
