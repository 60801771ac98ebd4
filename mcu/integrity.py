"""What the running board checks of itself, a slice now and then: are configuration and program still what they were?

The configuration's sum is taken part by part, twenty parts a second; once it was found whole, the judges' limits are
taken from it anew. The program's files are hashed as at boot, which takes a quarter of a minute (half a minute in a
checkout, where it is not linked). Opening a file is the one thing in a steady pass that allocates, some hundred bytes
every second, which the collection once a minute takes back; with no memory to be had the slice is tried again later,
and a check that does not come to its end counts as failed.
"""

import hashlib

import identity
import micropython
from clock import Every

SLICE_MS = 50
SLICE_BYTES = 512
LATE_S = 300  # without a whole program for so long: it cannot be read


class Integrity:
    """folder: of the program's files, None = they are not checked. open_file: as the builtin; names(folder): sorted."""

    def __init__(self, clock, firmware, folder=None, open_file=open, names=identity.program_files):
        self._clock, self._firmware = clock, firmware
        self._folder, self._open, self._names = folder, open_file, names
        self._timer = Every(clock, SLICE_MS)
        self._chunk = bytearray(SLICE_BYTES)
        self._view = memoryview(self._chunk)
        self._config = None  # whose sum is known
        self._wanted = 0
        self._config_whole = self._program_whole = True  # as last found
        self.begin_anew()

    def begin_anew(self):
        """Everything counts as just found whole: at boot, and after a fault was reset."""
        self._part = self._sum = 0
        self._config_s = self._program_s = self._clock.s
        self._begin_program()

    def adopt(self, config):
        """Check this configuration from now on, which is good as it is."""
        self._config = config
        self._wanted = 0
        for part in range(config.PARTS):
            self._wanted = config.fold(part, self._wanted)
        self._part = self._sum = 0
        self._config_s = self._clock.s
        self._config_whole = True

    def whole(self):
        """Whether both were so when last looked at. What was not, stays so until it is found whole, or replaced."""
        return self._config_whole and self._program_whole

    def checked_s(self):
        """Seconds since program and configuration were last found whole."""
        since = self._clock.s if self._config is None else self._config_s
        if self._folder is not None and self._program_s < since:
            since = self._program_s
        return self._clock.s - since

    @micropython.native
    def step(self, facts):
        """Once a pass: the name in trips.RAISED of what is not whole any more, or None. Renews the limits in facts."""
        if not self._timer.due(self._clock):
            return None
        if self._config is not None and not self._config_is_whole(facts):
            return "config"
        if self._folder is not None and not self._program_is_whole():
            return "program"
        return None

    def _config_is_whole(self, facts):
        config = self._config
        self._sum = config.fold(self._part, self._sum)
        self._part += 1
        if self._part < config.PARTS:
            return True
        whole = self._sum == self._wanted
        self._part = self._sum = 0
        self._config_whole = whole
        if whole:
            self._config_s = self._clock.s
            for c in range(len(facts.enabled)):
                facts.set_limits(c, config.circuits[c + 1])
        return whole

    def _begin_program(self):
        self._digest = self._file = None
        self._waiting = []  # names of the files to come, the next one last

    def _program_is_whole(self):
        try:
            whole = self._slice()
        except MemoryError:
            whole = True  # nobody knows yet
        except OSError:
            whole = False
        if not whole or self._clock.s - self._program_s >= LATE_S:
            self._program_whole = False
            return False
        return True

    def _slice(self):
        if self._digest is None:
            self._waiting = self._names(self._folder)
            self._waiting.reverse()
            self._digest = hashlib.sha256()
        elif self._file is not None:
            n = self._file.readinto(self._chunk)
            if n:
                self._digest.update(self._view[:n])
            else:
                self._file.close()
                self._file = None
        elif self._waiting:
            name = self._waiting[-1]
            self._file = self._open(identity.path_of(self._folder, name), "rb")
            self._digest.update(name.encode() + b"\0")
            self._waiting.pop()
        else:
            whole = self._digest.digest()[:8] == self._firmware
            self._begin_program()
            self._program_s = self._clock.s
            self._program_whole = whole
            return whole
        return True
