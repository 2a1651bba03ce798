"""A server on loopback that does to each client what a recorded attack says."""

from __future__ import annotations

import gzip
import socket
import threading
from contextlib import contextmanager, suppress

END = b"\r\n\r\n"


class Server:
    """Plays one attack to everyone who connects, and keeps what was asked."""

    def __init__(self, play):
        self.requests = []
        self._play = play
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self):
        """End all conversations."""
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def hang(self, seconds):
        """Say nothing for a while."""
        self._over.wait(seconds)

    def _accept(self):
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[client], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client):
        with client, suppress(OSError):
            client.settimeout(20)
            self.requests.append(_request(client))
            self._play(self, client)
            with suppress(OSError):
                client.shutdown(socket.SHUT_WR)
            self._drain(client)

    def _drain(self, client):
        """Read on until the other side is through: a close with unread bytes is a reset."""
        client.settimeout(0.05)
        while not self._over.is_set():
            try:
                if not client.recv(65536):
                    return
            except TimeoutError:
                continue


def _request(client):
    data = b""
    while END not in data and (more := client.recv(65536)):
        data += more
    return data.decode("latin-1")


def player(case, ports):
    """Return what plays the server of a recorded attack."""
    server = case["server"]
    if "raw" in server:
        steps = server["raw"]
        return lambda host, client: [_step(host, client, step, ports) for step in steps]
    answer = _answer(server, ports)
    return lambda _, client: client.sendall(answer)


def _answer(server, ports):
    body, short = _body(server["body"])
    headers = [f"{name}: {_filled(value, ports)}" for name, value in server["headers"]]
    if not short and not any(line.startswith("Content-Length") for line in headers):
        headers.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"HTTP/1.1 {server['status']} X", *headers]) + "\r\n\r\n"
    return head.encode() + body


def _body(form):
    """Return a recorded body, and whether it is shorter than what is promised."""
    if isinstance(form, str):
        return form.encode(), False
    if "repeat" in form:
        return form["repeat"][0].encode() * form["repeat"][1], False
    if "hex" in form:
        return bytes.fromhex(form["hex"]), False
    if "gzip_repeat" in form:
        return gzip.compress(form["gzip_repeat"][0].encode() * form["gzip_repeat"][1], 1), False
    return form["raw_short"].encode(), True


def _step(host, client, step, ports):
    if "send" in step:
        client.sendall(_filled(step["send"], ports).encode())
    elif "send_hex" in step:
        client.sendall(bytes.fromhex(step["send_hex"]))
    elif "send_repeat" in step:
        text, times, delay = step["send_repeat"]
        at_once = 1 if delay else min(times, 500)
        for _ in range(times // at_once):
            client.sendall(text.encode() * at_once)
            host.hang(delay)
    elif "hang" in step:
        host.hang(step["hang"])


def _filled(text, ports):
    for name, value in ports.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@contextmanager
def served(case):
    """Yield the server of a recorded attack and the one that must stay untouched."""
    other = Server(lambda _host, client: client.sendall(b"HTTP/1.1 200 OK\r\n\r\nSECRET"))
    ports = {"other": str(other.port)}
    server = Server(player(case, ports))
    ports |= {"port": str(server.port), "self": f"http://127.0.0.1:{server.port}"}
    try:
        yield server, other
    finally:
        server.close()
        other.close()
