"""What all replicas of the api share in Redis beside jobs: used tickets, and how much each caller has used."""

from collections.abc import Sequence
from typing import Any, Final

from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis.client import redis_client
from servicekit.jobstore.redis.connection import guarded

AREA: Final = "api"


class SharedState:
    """Its own connection, in the job store's namespace. Connects when first used; every call raises Unavailable."""

    def __init__(self, settings: JobStoreSettings) -> None:
        self._prefix = f"{{{settings.joblog_namespace}}}:{AREA}:"
        self._client = redis_client(settings, retries=1)

    async def once(self, name: str, *, seconds: int) -> bool:
        """True for the first call with this name in so many seconds, in whichever process."""
        with guarded():
            return bool(await self._client.set(self._prefix + name, "", nx=True, ex=seconds))

    async def agreed(self, name: str, proposal: str) -> str:
        """The value that the first process to ask has proposed."""
        with guarded():
            await self._client.set(self._prefix + name, proposal, nx=True)
            return str(await self._client.get(self._prefix + name))

    async def keep(self, name: str, value: str) -> None:
        """Remembers a value, in place of a former one."""
        with guarded():
            await self._client.set(self._prefix + name, value)

    async def kept(self, name: str) -> str | None:
        """What is remembered under a name."""
        with guarded():
            value = await self._client.get(self._prefix + name)
            return None if value is None else str(value)

    def script(self, text: str) -> "SharedScript":
        """A Lua script, ready to be run."""
        return SharedScript(self._client.register_script(text), self._prefix)

    async def close(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()


class SharedScript:
    """A script over one key."""

    def __init__(self, script: Any, prefix: str) -> None:  # noqa: ANN401 - the client does not export the type of its scripts
        self._script = script
        self._prefix = prefix

    async def __call__(self, name: str, *args: str | float) -> Sequence[int]:
        """Runs it on the key of this name."""
        with guarded():
            answer: Sequence[int] = await self._script([self._prefix + name], args)
            return answer
