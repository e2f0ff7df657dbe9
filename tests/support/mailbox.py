"""A mail server that keeps what it gets: SMTP over a real socket, as much of it as one message takes."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on a port of its own."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuses = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def connection(self) -> dict[str, object]:
        """Give the connection of type ``smtp`` that leads here."""
        extra = {"from_email": "airflow@example.org", "disable_ssl": True, "disable_tls": True}
        return {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra}


class _Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            match line.split(":")[0].split()[0].upper():
                case "RCPT" if self.server.refuses:
                    self._say("550 SECRET no such user")
                case "RCPT":
                    self.server.recipients.append(line.partition(":")[2].strip("<> "))
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    self._take()
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.messages.append(message)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Serve a mailbox until the block ends."""
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
