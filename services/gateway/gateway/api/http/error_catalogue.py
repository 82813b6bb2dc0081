"""Every code that an error or a failed job may have: what it means, and what to do about it.

The catalogue is what `/errors/CODE` shows, what the OpenAPI document lists as `ErrorCode`, and what clients make their
exceptions from. A test holds it together with the code that raises.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a program does about an error; one kind a class of exceptions in the clients."""

    REQUEST = "request"
    """The request is wrong: mend it."""

    PHOTO = "photo"
    """The photo cannot be used: take another."""

    CREDENTIAL = "credential"
    """Who calls is unknown, or may not do this."""

    ABSENT = "absent"
    """There is no such thing, or no longer."""

    CONFLICT = "conflict"
    """Not in the state that things are in."""

    LIMIT = "limit"
    """Too much at once: try again when `Retry-After` says."""

    SERVICE = "service"
    """On our side: try again, later."""

    JOB = "job"
    """The job was accepted, and failed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A code of the catalogue."""

    kind: Kind
    meaning: str
    """One or two sentences."""
    remedy: str
    """What whoever gets it can do."""


def _entry(kind: Kind, meaning: str, remedy: str) -> Entry:
    return Entry(kind=kind, meaning=meaning, remedy=remedy)


_LATER: Final = "Send the same request again, after the seconds of `Retry-After`."
_ANOTHER_PHOTO: Final = "Send another photo."
_OURS: Final = "Try again. If it stays, tell whoever runs the service, with the answer's `X-Request-ID`."
_FIELD: Final = "Correct the field that `field` names; `errors` lists all that are wrong."
_RESUBMIT: Final = "Submit the photo again."

CATALOGUE: Final[dict[str, Entry]] = {
    # requests
    "BAD_REQUEST": _entry(Kind.REQUEST, "The request is not well-formed HTTP.", "Correct the request."),
    "CORRECTIONS_NOT_SUPPORTED": _entry(
        Kind.REQUEST, "The engine of this server cannot be told what is where.", "Leave `corrections` out."
    ),
    "DUPLICATE_FIELD": _entry(Kind.REQUEST, "A part or a field comes more than once.", "Send each of them once."),
    "FIELD_INVALID": _entry(Kind.REQUEST, "A field is out of range or of the wrong type.", _FIELD),
    "FIELD_MISSING": _entry(Kind.REQUEST, "A part that is needed is missing.", _FIELD),
    "GROUP_FULL": _entry(Kind.REQUEST, "The group has 8 photos already.", "Name another `group`."),
    "GROUP_MISMATCH": _entry(
        Kind.REQUEST,
        "A field contradicts the first photo of the group.",
        "Leave the field out, which takes the first one's, or name another `group`.",
    ),
    "GROUP_STYLE_IMAGE_GONE": _entry(
        Kind.REQUEST, "The style image of the group's first photo has been deleted.", "Send `style_image` again."
    ),
    "MALFORMED_BODY": _entry(
        Kind.REQUEST, "The body is not well-formed multipart/form-data, or was cut off.", "Let an HTTP library make it."
    ),
    "MALFORMED_JSON": _entry(Kind.REQUEST, "The part `preferences` is not JSON.", "Send a JSON object."),
    "METHOD_NOT_ALLOWED": _entry(
        Kind.REQUEST, "This address does not know the method.", "Use one of those that `Allow` names."
    ),
    "MODE_NOT_SUPPORTED": _entry(
        Kind.REQUEST, "The engine of this server cannot do this `mode`.", "Take another mode; the detail names them."
    ),
    "NOT_AN_OBJECT": _entry(Kind.REQUEST, "The part `preferences` is JSON, but no object.", "Send a JSON object."),
    "OUT_OF_RANGE": _entry(Kind.REQUEST, "A number lies outside its range.", _FIELD),
    "RANGE_NOT_SATISFIABLE": _entry(
        Kind.REQUEST, "The file has no byte in the range that `Range` asks for.", "See `Content-Range` for its size."
    ),
    "SURFACES_NOT_SUPPORTED": _entry(
        Kind.REQUEST, "The engine of this server cannot repaint single surfaces.", "Leave `surfaces` out."
    ),
    "STYLE_IMAGE_NOT_SUPPORTED": _entry(
        Kind.REQUEST, "The engine of this server cannot take the look of a picture.", "Leave `style_image` out."
    ),
    "UNKNOWN_FIELD": _entry(
        Kind.REQUEST,
        "There is no such part, field or query parameter. Nothing unknown is ignored: with a typo another thing would "
        "happen than meant.",
        "Correct the name, or leave it out.",
    ),
    "UNKNOWN_MATERIAL": _entry(
        Kind.REQUEST, "No material of this name suits the surface.", "Take one of those that GET /materials lists."
    ),
    "UNKNOWN_STYLE": _entry(Kind.REQUEST, "No style has this name.", "Take one of those that GET /styles lists."),
    "UNSUPPORTED_MEDIA_TYPE": _entry(
        Kind.REQUEST, "The body is not multipart/form-data.", "Send a form with the photo as a part."
    ),
    "UPLOAD_TIMEOUT": _entry(
        Kind.REQUEST, "The body took too long to arrive.", "Send a smaller picture, or over a faster connection."
    ),
    "WEBHOOKS_OFF": _entry(
        Kind.REQUEST, "This server sends no webhooks.", "Leave `webhook_url` out, and follow the job by its events."
    ),
    "WEBHOOK_GONE": _entry(
        Kind.REQUEST,
        "The receiver has answered 410 Gone before; nothing is sent to it for a week.",
        "Name another receiver, or leave `webhook_url` out.",
    ),
    "WEBHOOK_URL_REFUSED": _entry(
        Kind.REQUEST,
        "The address of the webhook is none that this server calls.",
        "Use a public https:// address.",
    ),
    # photos
    "FILE_EMPTY": _entry(Kind.PHOTO, "The photo has no bytes.", "Send the file's content."),
    "IMAGE_AMBIGUOUS": _entry(
        Kind.PHOTO, "The file is a picture and something else, too (an archive, a page, a document).", _ANOTHER_PHOTO
    ),
    "IMAGE_ANIMATED": _entry(Kind.PHOTO, "The file is an animation.", "Send a single picture."),
    "IMAGE_TOO_LARGE": _entry(Kind.PHOTO, "The photo has too many pixels.", "Scale it down before it is sent."),
    "IMAGE_TOO_NARROW": _entry(Kind.PHOTO, "The photo is too narrow to show a room.", _ANOTHER_PHOTO),
    "IMAGE_TOO_SMALL": _entry(Kind.PHOTO, "The photo has too few pixels.", "Send a larger one."),
    "IMAGE_UNREADABLE": _entry(Kind.PHOTO, "The photo is damaged or incomplete.", "Send it again, or another."),
    "IMAGE_UNSUPPORTED": _entry(
        Kind.PHOTO, "The file is no picture of a format that is taken.", "Send JPEG, PNG, WebP, HEIC or AVIF."
    ),
    "IMAGE_URL_REFUSED": _entry(
        Kind.PHOTO,
        "The address of the photo is none that this server fetches from.",
        "Use a public https:// address, or send the photo as `file`.",
    ),
    "IMAGE_URL_UNREACHABLE": _entry(
        Kind.PHOTO,
        "The server at `image_url` did not answer with a picture in time.",
        "Check that the address opens without signing in, or send the photo as `file`.",
    ),
    "UPLOAD_TOO_LARGE": _entry(Kind.PHOTO, "The photo or another part has too many bytes.", "Send a smaller file."),
    # who calls
    "CREDENTIAL_MALFORMED": _entry(
        Kind.CREDENTIAL, "The headers hold no usable key or token.", "Send `Authorization: Bearer …` or `X-API-Key`."
    ),
    "CREDENTIAL_MISSING": _entry(
        Kind.CREDENTIAL, "This needs an API key or a token.", "Send `Authorization: Bearer …` or `X-API-Key`."
    ),
    "HOST_REFUSED": _entry(
        Kind.CREDENTIAL,
        "A gateway without keys answers to the names of its own machine alone.",
        "Call it as localhost, or give it keys (MODOMO_GATEWAY_API_KEYS_FILE).",
    ),
    "KEY_INVALID": _entry(Kind.CREDENTIAL, "The API key is not valid, or not any more.", "Use another key."),
    "ORIGIN_REFUSED": _entry(
        Kind.CREDENTIAL, "A page of another site may not do this.", "Allow its origin: MODOMO_GATEWAY_CORS_ORIGINS."
    ),
    "SCOPE_MISSING": _entry(Kind.CREDENTIAL, "The key or token may not do this.", "Use one with the scope."),
    "TICKET_INVALID": _entry(
        Kind.CREDENTIAL,
        "The address has been used, or has expired: its ticket is good once, for a minute.",
        "Ask for the job's status to get a fresh address.",
    ),
    "TOKEN_EXPIRED": _entry(Kind.CREDENTIAL, "The token has expired.", "Get a fresh one from its issuer."),
    "TOKEN_INVALID": _entry(
        Kind.CREDENTIAL, "The token is none of the issuer's, or not for this service.", "Get one from the issuer."
    ),
    # things that are not there
    "LINK_INVALID": _entry(
        Kind.ABSENT, "The link is not valid, or not any more.", "Ask for the job's status to get fresh links."
    ),
    "NOT_FOUND": _entry(Kind.ABSENT, "There is nothing at this address.", "See /openapi.json for what there is."),
    "OBJECT_NOT_FOUND": _entry(Kind.ABSENT, "The picture does not exist, or not any more.", _RESUBMIT),
    "UNKNOWN_JOB": _entry(Kind.ABSENT, "There is no such job of yours, or it has expired and was deleted.", _RESUBMIT),
    # conflicts
    "IDEMPOTENCY_KEY_REUSED": _entry(
        Kind.CONFLICT,
        "This idempotency key was used for a different request.",
        "Draw a new key for each new request; use it again to repeat the same one.",
    ),
    "JOB_ENDED": _entry(Kind.CONFLICT, "The job has already ended.", "Nothing is left to do; its status says how."),
    # limits
    "QUEUE_FULL": _entry(Kind.LIMIT, "As much work waits as may, counted in pictures.", _LATER),
    "RATE_LIMITED": _entry(Kind.LIMIT, "The units of this minute are used up.", _LATER),
    "RESOURCE_EXHAUSTED": _entry(Kind.LIMIT, "A part of the service is busy.", _LATER),
    "TOO_MANY_CALLS": _entry(Kind.LIMIT, "Too many calls at once.", "End some first."),
    "TOO_MANY_STREAMS": _entry(Kind.LIMIT, "Too many event streams at once.", "Close some first."),
    "TOO_MANY_WAITING": _entry(Kind.LIMIT, "As much of your own work waits as may, counted in pictures.", _LATER),
    "TOO_MANY_WATCHERS": _entry(Kind.LIMIT, "Too many follow jobs at the moment.", _LATER),
    "UPLOADS_BUSY": _entry(Kind.LIMIT, "Too many uploads at once.", _LATER),
    "WATCHER_TOO_SLOW": _entry(
        Kind.LIMIT, "Events were read too slowly.", "Follow the job again after the last `seq` that you have."
    ),
    # our side
    "CANCELLED": _entry(Kind.SERVICE, "The request was cancelled on its way.", _OURS),
    "CONNECTION_LOST": _entry(Kind.SERVICE, "The connection to a part of the service broke.", _LATER),
    "DEADLINE_EXCEEDED": _entry(Kind.SERVICE, "A part of the service took too long.", _LATER),
    "EVENTS_UNAVAILABLE": _entry(Kind.SERVICE, "Progress cannot be shown at the moment; the job goes on.", _LATER),
    "IDENTITY_UNAVAILABLE": _entry(Kind.SERVICE, "Tokens cannot be checked at the moment.", _LATER),
    "INTERNAL": _entry(Kind.SERVICE, "Something went wrong on our side.", _OURS),
    "INTERNAL_SERVER_ERROR": _entry(Kind.SERVICE, "Something went wrong on our side.", _OURS),
    "JOB_STORE_UNAVAILABLE": _entry(Kind.SERVICE, "Jobs cannot be read or changed at the moment.", _LATER),
    "MODAL_UNAVAILABLE": _entry(Kind.SERVICE, "The models do not answer at the moment.", _LATER),
    "NOTIFIER_STOPPING": _entry(Kind.SERVICE, "A server is being replaced.", "Follow the job again."),
    "NOT_ANSWERING": _entry(Kind.SERVICE, "A part of the service does not answer.", _LATER),
    "NOT_SERVING": _entry(Kind.SERVICE, "A part of the service is not ready.", _LATER),
    "OUT_OF_MEMORY": _entry(Kind.SERVICE, "A device has too little memory at the moment.", _LATER),
    "SERVICE_STOPPING": _entry(Kind.SERVICE, "A part of the service is being replaced.", _LATER),
    "SERVICE_UNAVAILABLE": _entry(Kind.SERVICE, "The service is not available at the moment.", _LATER),
    "STORAGE_UNAVAILABLE": _entry(Kind.SERVICE, "The picture store does not answer.", _LATER),
    "TRITON_UNAVAILABLE": _entry(Kind.SERVICE, "The models do not answer at the moment.", _LATER),
    "UNAVAILABLE": _entry(Kind.SERVICE, "A part of the service does not answer at the moment.", _LATER),
    # failed jobs
    "GAVE_UP": _entry(Kind.JOB, "The job failed several times, so it was not tried again.", _RESUBMIT),
    "NOTHING_TO_REMOVE": _entry(
        Kind.JOB,
        "Nothing was found in the photo that `declutter` removes.",
        "Send another photo, or name less in `keep`.",
    ),
    "NOTHING_TO_RESTYLE": _entry(
        Kind.JOB, "What is to be kept covers nearly the whole photo.", "Keep less: `keep`, `keep_furniture`."
    ),
    "NOT_A_PICTURE": _entry(Kind.JOB, "The model made no picture out of this.", "Submit again with another `seed`."),
    "NOT_A_ROOM": _entry(
        Kind.JOB, "The photo does not seem to show a room.", "Send a photo of a room, or leave `require_room` out."
    ),
    "OUT_OF_TIME": _entry(Kind.JOB, "The job took too long and was stopped.", _RESUBMIT),
    "RAN_TOO_LONG": _entry(Kind.JOB, "The job took too long and was stopped.", _RESUBMIT),
    "UNKNOWN_DETECTION": _entry(
        Kind.JOB, "There is no object with this id in the photo to keep.", "Take ids from POST /analyze."
    ),
    "UNSAFE_RESULT": _entry(
        Kind.JOB, "A picture did not pass the safety check.", "Submit again with another `seed`, or another photo."
    ),
    "WAITED_TOO_LONG": _entry(Kind.JOB, "No worker had time for the job.", _RESUBMIT),
    # between our own services: whoever meets one of these has found a fault of ours
    **{
        code: _entry(Kind.SERVICE, f"Our own services disagree: {meaning}.", _OURS)
        for code, meaning in {
            "DUPLICATE_KIND": "a control map is asked for twice",
            "DUPLICATE_MAP": "a control map comes twice",
            "IMAGE_FORMAT": "a picture is of an unknown format",
            "IMAGE_MISSING": "a picture is missing",
            "INVALID_JOB_ID": "a job's id is malformed",
            "KINDS_UNWANTED": "maps are asked for where only rooms are wanted",
            "MESSAGE_TOO_LARGE": "a message is larger than the other side takes",
            "SIZE_MISMATCH": "two pictures differ in size",
            "UNKNOWN_KIND": "a kind of control map is unknown",
            "UNKNOWN_LABEL": "a label is unknown",
            "UNKNOWN_MODE": "a mode is unknown",
            "UNKNOWN_ROOM_TYPE": "a room type is unknown",
            "UNKNOWN_TIER": "a tier is unknown",
        }.items()
    },
}


def title(code: str) -> str:
    """A code for people: `Queue full`."""
    return code.replace("_", " ").capitalize()
