"""A name that leads to a public address and then to this machine, answered by a real name server.

Run in a mount and network namespace of its own (`unshare --mount --net`), where a public address can be this machine's
and `/etc/resolv.conf` may say what it likes. Prints, as JSON, what each of several webhooks came to, and who heard it.
"""

import asyncio
import fcntl
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import trustme

from notifier.webhooks.sender import Sender
from servicekit.webhooks.ssrf import AddressPolicy, AddressRefused

PUBLIC: Final = "93.184.215.14"
LOOPBACK: Final = "127.0.0.1"
METADATA: Final = "169.254.169.254"
ANSWERS: Final = {
    "public.example": [[PUBLIC]],
    "rebinding.example": [[PUBLIC], [LOOPBACK], [METADATA], [PUBLIC]],
    "both.example": [[PUBLIC, LOOPBACK]],
    "inside.example": [[LOOPBACK]],
}
"""What a name's addresses are, the first time that somebody asks, the second, …; the last answer stays."""
WEBHOOKS: Final = ("public.example", *["rebinding.example"] * 4, "both.example", "inside.example")

_SIOCSIFFLAGS, _SIOCSIFADDR, _IFF_UP = 0x8914, 0x8916, 1
_TYPE_A = 1


class NameServer(asyncio.DatagramProtocol):
    """Answers questions for addresses (RFC 1035, 4.1), for no longer than now."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # of this kind
        """It listens."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One question."""
        end = data.index(0, 12)
        labels, position = [], 12
        while position < end:
            length = data[position]
            labels.append(data[position + 1 : position + 1 + length].decode())
            position += 1 + length
        name, (kind,) = ".".join(labels), struct.unpack_from(">H", data, end + 1)
        found = self._addresses(name) if kind == _TYPE_A else []
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        records = [struct.pack(">HHHIH", 0xC00C, _TYPE_A, 1, 0, 4) + socket.inet_aton(address) for address in found]
        assert self._transport is not None
        self._transport.sendto(head + data[12 : end + 5] + b"".join(records), addr)

    def _addresses(self, name: str) -> list[str]:
        answers = ANSWERS.get(name, [[]])
        found = answers[min(self.asked.count(name), len(answers) - 1)]
        self.asked.append(name)
        return found


def prepare(folder: Path) -> None:
    """Gives loopback the public address too, and names the name server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for name, address in ((b"lo", LOOPBACK), (b"lo:1", PUBLIC)):
            internet = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(any_socket, _SIOCSIFADDR, struct.pack("16s16s", name, internet))
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", name, _IFF_UP))
    (folder / "resolv.conf").write_text(f"nameserver {LOOPBACK}\n")
    subprocess.run(["mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"], check=True)


async def main(folder: Path) -> None:
    """Sends the webhooks, one after the other."""
    prepare(folder)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*ANSWERS).configure_cert(context)
    heard: list[str] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(writer.get_extra_info("sockname")[0])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    names = NameServer()
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: names, local_addr=(LOOPBACK, 53))
    for address in (PUBLIC, LOOPBACK):
        await asyncio.start_server(receive, address, 443, ssl=context)
    sender, outcomes = Sender(AddressPolicy(), timeout_seconds=20), []
    for name in WEBHOOKS:
        names_before, heard_before = len(names.asked), len(heard)
        try:
            answer = await sender.post(f"https://{name}/hook", b"{}", {}, tenant="tenant")
            outcome = str(answer.status)
        except AddressRefused:
            outcome = "refused"
        outcomes.append([name, outcome, len(names.asked) - names_before, heard[heard_before:]])
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(Path(temporary)))
