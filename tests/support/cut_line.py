"""A line between a client and our server that breaks where a test wants it: bytes are lost, both ends see a reset."""

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

PIECE_BYTES = 64 * 1024
BEFORE_RESET_S = 0.3
"""A reset throws away what the other end has not read yet; this gives it time to read."""

ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER that turns close into a reset, as a lost network does."""


@dataclass
class CutLine:
    """Passes on what comes to `port`, to `target` on this machine.

    `cut_at`: the number of bytes from clients after which the line breaks, once for each number, in order.
    """

    target: int
    cut_at: list[int] = field(default_factory=list)
    cuts: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no new connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()
                threading.Thread(target=self._pass_back, args=(far, near), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(PIECE_BYTES):
                if self.cut_at and self.passed + len(data) > self.cut_at[0]:
                    far.sendall(data[: self.cut_at.pop(0) - self.passed])
                    self.passed, self.cuts = 0, self.cuts + 1
                    time.sleep(BEFORE_RESET_S)
                    for end in (near, far):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                    break
                self.passed += len(data)
                far.sendall(data)
        near.close()
        far.close()

    @staticmethod
    def _pass_back(far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(PIECE_BYTES):
                near.sendall(data)
            near.shutdown(socket.SHUT_WR)
