"""Photos of one home: a submission joins its group before its job is made."""

from dataclasses import dataclass, replace

from gateway.api.auth import Caller
from gateway.api.submission import Submission
from gateway.api.uploads import style_image
from gateway.api.uploads.optimise import Photo
from gateway.jobs import object_keys
from gateway.jobs.groups import terms
from gateway.jobs.groups.store import RoomGroups
from servicekit.errors import InvalidArgument, NotFound, ServiceError
from servicekit.observability import logs
from servicekit.storage import ObjectStore

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class JoinedSubmission:
    """A submission in its group."""

    submission: Submission
    look: Photo | None
    """The picture whose look is wanted."""
    new: bool
    """False where a repeated request was in the group before."""


class GroupJoining:
    """Takes places in groups, and gives them back."""

    def __init__(self, groups: RoomGroups, *, store: ObjectStore, kept_seconds: float) -> None:
        """A group is known for `kept_seconds` after its last photo."""
        self._groups = groups
        self._store = store
        self._kept_seconds = kept_seconds

    async def join(
        self, job_id: str, submission: Submission, look: Photo | None, caller: Caller
    ) -> JoinedSubmission | None:
        """The submission with all that it shares with its group; None where it names none.

        Raises InvalidArgument for a group that is full, whatever contradicts it, or a style image that is gone.
        """
        word = submission.preferences.group
        if not word:
            return None
        wish = terms.Wish(
            style=submission.style, preferences=submission.preferences, style_image_digest=look.digest if look else ""
        )
        place = await self._groups.join(
            job_id,
            wish,
            tenant=caller.tenant,
            idempotency_key=submission.idempotency_key,
            kept_seconds=self._kept_seconds,
        )
        try:
            shared = terms.agreed(wish, place.terms)
            if look is None and shared.style_image_digest:
                look = await self._look_of(place.terms)
        except InvalidArgument:
            if place.new:
                await self.leave(job_id, submission, caller)
            raise
        return JoinedSubmission(
            submission=replace(submission, preferences=shared.preferences), look=look, new=place.new
        )

    async def _look_of(self, first: terms.Terms) -> Photo:
        """The style image that the first job of a group brought."""
        try:
            picture = await self._store.get(object_keys.style_image(first.job_id))
        except NotFound as error:
            message = f"{style_image.FIELD} of the group's first photo is gone; send it again."
            raise InvalidArgument("GROUP_STYLE_IMAGE_GONE", message, field=style_image.FIELD) from error
        return Photo(jpeg=picture, width=0, height=0, digest=first.style_image_digest)

    async def leave(self, job_id: str, submission: Submission, caller: Caller) -> None:
        """Gives a place in a group back; where that fails, the group finds out when it is full."""
        try:
            await self._groups.leave(job_id, tenant=caller.tenant, word=submission.preferences.group)
        except ServiceError as error:
            log.warning("a group keeps a place", problem=str(error))
