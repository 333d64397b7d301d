"""The lane as a process: `python -m device_bridge.lane FOLDER`, started by `getuige bridge` and by nobody else."""

import gc
import signal
import sys
from pathlib import Path


def main(folder: Path) -> int:
    """Run the lane of this folder until SIGTERM; return the exit code."""
    sys.modules["rich"] = None  # type: ignore[assignment] # structlog would load it for colours: a quarter of the start
    import structlog

    from device_bridge import log_keys
    from device_bridge.lane.running import RunningLane
    from evidence import logs
    from evidence.errors import EvidenceError

    logs.configure(log_keys.ALLOWED)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = RunningLane(folder)
    except EvidenceError as error:
        structlog.get_logger().error("lane-not-started", error=str(error))
        return 1
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    gc.freeze()  # thousands of devices stay for good: looking through them again and again would delay a press
    running.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
