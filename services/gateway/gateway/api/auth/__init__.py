"""Authentication: an API key or a JSON Web Token becomes a `Caller`, and nothing behind sees more of it than that.

header or metadata ─▶ credential ─▶ Authenticator ─┬─ KeyRing        `modomo_…`: keys of our own, hashed at rest
                                                   └─ TokenVerifier  a JWT of the identity provider that settings name
                                                         │
                                                         ▼
                                                       Caller ─▶ scopes, whose jobs, how much
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol


class Scope(StrEnum):
    """What a caller may do."""

    SUBMIT = "submit"
    """Send photos, and cancel or delete jobs of one's own."""

    READ = "read"
    """See jobs of one's own."""

    ADMIN = "admin"
    """Everything, and everybody's jobs."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody whose credential was good."""

    tenant: str
    """Whose jobs these are: `key:NAME` or `jwt:SUBJECT`; empty where nobody is asked for a key."""

    scopes: frozenset[Scope]

    units_per_minute: int = 0
    """What this caller may use; 0 for as much as the settings say."""

    batch: bool = False
    """Whether all that it submits has the priority `batch`."""

    address: str = ""
    """Where it calls from, where nobody is asked for a key."""

    @property
    def client(self) -> str:
        """Who takes a fair share of what all callers share: the tenant, or the address where tenants are unknown."""
        return self.tenant or self.address

    def may(self, scope: Scope) -> bool:
        """Whether it has a scope; `admin` has them all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def owns(self, tenant: str) -> bool:
        """Whether it may see the jobs of a tenant."""
        return tenant == self.tenant or Scope.ADMIN in self.scopes


ANYBODY: Final = Caller(tenant="", scopes=frozenset(Scope))
"""The only caller there is where nobody is asked for a key."""


class Authenticator(Protocol):
    """Lets callers in."""

    @property
    def open(self) -> bool:
        """Whether everybody may come in."""

    async def caller(self, credential: str) -> Caller:
        """Who shows this credential (empty for none); raises Unauthenticated, Unavailable."""
