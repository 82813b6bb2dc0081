"""The groups in Redis, in the job store's namespace. Every method raises Unavailable."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from gateway.jobs import object_keys
from gateway.jobs.groups import terms as group_terms
from gateway.jobs.groups.terms import Terms, Wish
from servicekit.errors import InvalidArgument, NotFound
from servicekit.jobstore import JobStatus, JobStore
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis.client import redis_client
from servicekit.jobstore.redis.connection import guarded
from servicekit.types.rooms import RoomType

MOST: Final = 8
"""Jobs of a group."""
_USELESS: Final = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})
"""Endings whose jobs give their place in a full group back."""

_MAKING: Final = 60
"""Seconds after which a job that joined a group and is not there will not come any more."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """A job's place in a group."""

    terms: Terms

    new: bool
    """False where a repeated request had it already."""


class RoomGroups:
    """Groups by tenant and word. Connects when first used."""

    def __init__(self, settings: JobStoreSettings, job_store: JobStore) -> None:
        self._prefix = f"{{{settings.joblog_namespace}}}:group:"
        self._client = redis_client(settings, retries=1)
        self._job_store = job_store
        self._join, self._agree, self._leave, self._delete = (
            self._client.register_script((resources.files(__package__) / f"{name}.lua").read_text())
            for name in ("join", "agree", "leave", "delete")
        )

    async def join(
        self, job_id: str, wish: Wish, *, tenant: str, idempotency_key: str, kept_seconds: float
    ) -> Membership:
        """Takes a job into the group that its preferences name.

        Raises InvalidArgument naming `preferences.group` where MOST jobs are in it.
        """
        word = wish.preferences.group
        member = hashlib.sha256(f"key\n{idempotency_key}".encode()).hexdigest() if idempotency_key else job_id
        own = group_terms.encode(group_terms.of(job_id, wish, tenant=tenant))
        args = [member, job_id, own, MOST, round(kept_seconds * 1000)]
        outcome, *rest = await self._run(self._join, tenant, word, args)
        if outcome == "full" and await self._drop_useless(tenant, word, rest):
            outcome, *rest = await self._run(self._join, tenant, word, args)
        if outcome == "full":
            message = f"The group {word!r} has {MOST} photos already."
            raise InvalidArgument("GROUP_FULL", message, field="preferences.group")
        new, first = rest
        return Membership(terms=group_terms.decode(first), new=new == "1")

    async def leave(self, job_id: str, *, tenant: str, word: str) -> None:
        """Takes a job out of a group with all that the group knows of it."""
        await self._run(self._leave, tenant, word, [job_id, object_keys.folder(job_id)])

    async def agreed_room(self, room: RoomType | None, *, tenant: str, word: str) -> RoomType | None:
        """What the room is taken for in all jobs of a group: what the first one that asks says."""
        found = await self._run(self._agree, tenant, word, ["room_type", room or ""])
        return RoomType(found) if found else None

    async def leader(self, job_id: str, *, tenant: str, word: str) -> str:
        """The job whose picture the others follow: the first one that asks, unless it was deleted meanwhile."""
        return str(await self._run(self._agree, tenant, word, ["leader", job_id]))

    async def delete_leader(self, job_id: str, *, tenant: str, word: str) -> None:
        """Makes way for another leader where this one is it."""
        await self._run(self._delete, tenant, word, ["leader", job_id])

    async def picture(self, *, tenant: str, word: str) -> str:
        """Key of the first finished picture; empty where there is none yet."""
        with guarded():
            return str(await self._client.hget(self._key(tenant, word), "picture") or "")

    async def offer_picture(self, key: str, *, tenant: str, word: str) -> None:
        """Makes a finished picture the one that the others follow, unless there is one."""
        await self._run(self._agree, tenant, word, ["picture", key])

    async def delete_picture(self, key: str, *, tenant: str, word: str) -> None:
        """Makes way for another picture where this one is gone."""
        await self._run(self._delete, tenant, word, ["picture", key])

    async def close(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()

    async def _drop_useless(self, tenant: str, word: str, members: list[str]) -> bool:
        """Takes out jobs that were never made, are gone, or ended without a picture; whether there were any."""
        jobs = [member.split(" ") for member in members]
        useless = [job_id for job_id, seconds in jobs if int(seconds) > _MAKING and await self._is_useless(job_id)]
        for job_id in useless:
            await self.leave(job_id, tenant=tenant, word=word)
        return bool(useless)

    async def _is_useless(self, job_id: str) -> bool:
        try:
            return (await self._job_store.get(job_id)).status in _USELESS
        except NotFound:
            return True

    async def _run(self, script: Any, tenant: str, word: str, args: list[Any]) -> Any:  # noqa: ANN401 - the client does not export the type of its scripts, and each answers in its own way
        with guarded():
            return await script([self._key(tenant, word)], args)

    def _key(self, tenant: str, word: str) -> str:
        return self._prefix + hashlib.sha256(f"{tenant}\n{word}".encode()).hexdigest()
