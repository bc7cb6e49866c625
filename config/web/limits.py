"""How long and how large what comes and goes may be."""

BODY_SECONDS = 10.0
"""In which a whole body must arrive."""
AT_ONCE_SECONDS = 0.1
"""A body that arrives within this of its headers costs no extra look at the key."""
MOST_ARRIVING = 128 * 1024 * 1024
"""Bytes of unfinished bodies that one process holds."""
LARGEST_WHOLE_ANSWER = 8 * 1024 * 1024
"""Answers up to this size are handed over to granian in one piece; longer ones are streamed."""
PIECE_SECONDS = 30.0
"""In which a client must take each piece of a streamed answer."""
STREAMS = 2
"""Streamed answers (exports) that one process makes at the same time."""
MOST_FILES = 8192
"""Open connections, files and database connections of one process."""
LINGER_SECONDS = 1.0
"""For which a body that is not wanted is passed over before its connection ends."""
EXPIRY_SECONDS = 0.1
STOP_SECONDS = 5.0
