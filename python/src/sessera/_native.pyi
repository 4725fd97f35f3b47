from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeAlias, TypedDict, final

from typing_extensions import Self, Unpack

from sessera._watching import Watch

_Span: TypeAlias = timedelta | float
_Wait: TypeAlias = Literal["stored", "confirmed"] | int
_RevocationState: TypeAlias = Literal["stored", "pending", "replicated", "confirmed"]
_Mode: TypeAlias = Literal["off", "report", "step_up", "enforce"]
_Algorithm: TypeAlias = Literal["EdDSA", "ES256", "HS256", "RS256"]
_Verdict: TypeAlias = Literal["unbound", "matched", "differed", "absent", "unchecked"]

__all__ = [
    "CSRF_HEADER",
    "BadSignature",
    "Binding",
    "BindingMismatch",
    "BindingPolicy",
    "Client",
    "Cookie",
    "CookieInvalid",
    "CsrfInvalid",
    "DpopKey",
    "DpopProof",
    "DpopVerifier",
    "Ended",
    "Event",
    "Expired",
    "InvalidClaim",
    "InvalidConfig",
    "InvalidKey",
    "Issued",
    "KeyInfo",
    "Keyring",
    "KeyringFile",
    "ListedSession",
    "Malformed",
    "ManualClock",
    "MemoryStore",
    "NotYetValid",
    "Policy",
    "RandomnessUnavailable",
    "ReauthenticationRequired",
    "RedisStore",
    "Reused",
    "RevocationsStale",
    "Revoked",
    "Session",
    "SessionError",
    "Sessions",
    "SkippedKey",
    "SqliteStore",
    "Status",
    "StoreUnavailable",
    "Superseded",
    "TooLarge",
    "UnknownKey",
    "UnsupportedAlgorithm",
    "WrongAudience",
    "WrongIssuer",
    "WrongType",
    "check_fetch",
    "client_address",
    "is_safe_method",
    "jwe_open",
    "jwe_seal",
    "jws_sign",
    "jws_verify",
    "new_device_secret",
]

CSRF_HEADER: Final = "x-csrf-token"

class SessionError(Exception):
    code: ClassVar[str]
    http_status: ClassVar[int]
    @property
    def message(self) -> str: ...

class Malformed(SessionError):
    code: ClassVar[Literal["malformed"]]

class TooLarge(SessionError):
    code: ClassVar[Literal["too_large"]]

class UnsupportedAlgorithm(SessionError):
    code: ClassVar[Literal["unsupported_algorithm"]]

class UnknownKey(SessionError):
    code: ClassVar[Literal["unknown_key"]]

class BadSignature(SessionError):
    code: ClassVar[Literal["bad_signature"]]

class WrongType(SessionError):
    code: ClassVar[Literal["wrong_type"]]

class WrongIssuer(SessionError):
    code: ClassVar[Literal["wrong_issuer"]]

class WrongAudience(SessionError):
    code: ClassVar[Literal["wrong_audience"]]

class InvalidClaim(SessionError):
    code: ClassVar[Literal["invalid_claim"]]

class NotYetValid(SessionError):
    code: ClassVar[Literal["not_yet_valid"]]

class Expired(SessionError):
    code: ClassVar[Literal["expired"]]

class Ended(SessionError):
    code: ClassVar[Literal["ended"]]

class Revoked(SessionError):
    code: ClassVar[Literal["revoked"]]

class Reused(SessionError):
    code: ClassVar[Literal["reused"]]

class Superseded(SessionError):
    code: ClassVar[Literal["superseded"]]

class BindingMismatch(SessionError):
    code: ClassVar[Literal["binding_mismatch"]]

class ReauthenticationRequired(SessionError):
    code: ClassVar[Literal["reauthentication_required"]]

class RevocationsStale(SessionError):
    code: ClassVar[Literal["revocations_stale"]]

class StoreUnavailable(SessionError):
    code: ClassVar[Literal["store_unavailable"]]

class CsrfInvalid(SessionError):
    code: ClassVar[Literal["csrf_invalid"]]

class CookieInvalid(SessionError):
    code: ClassVar[Literal["cookie_invalid"]]

class InvalidKey(SessionError):
    code: ClassVar[Literal["invalid_key"]]

class InvalidConfig(SessionError):
    code: ClassVar[Literal["invalid_config"]]

class RandomnessUnavailable(SessionError):
    code: ClassVar[Literal["randomness_unavailable"]]

class _BindingSettings(TypedDict, total=False):
    device: _Mode
    user_agent: _Mode
    ip: _Mode
    key: _Mode
    ipv4_prefix: int
    ipv6_prefix: int

class _PolicySettings(TypedDict, total=False):
    idle_timeout: _Span
    absolute_timeout: _Span
    renew_after: _Span | None
    remember_limit: _Span | None
    grace: _Span
    leeway: _Span
    on_reuse: Literal["revoke", "refuse"]
    fresh_for: _Span
    stale_after: _Span
    on_stale: Literal["young_only", "refuse", "accept"]
    binding: BindingPolicy | _BindingSettings | None

@final
class BindingPolicy:
    def __new__(
        cls,
        *,
        device: _Mode = "enforce",
        user_agent: _Mode = "report",
        ip: _Mode = "report",
        key: _Mode = "enforce",
        ipv4_prefix: int = 24,
        ipv6_prefix: int = 64,
    ) -> Self: ...
    @staticmethod
    def off() -> BindingPolicy: ...
    @property
    def named(self) -> list[str]: ...
    @property
    def device(self) -> _Mode: ...
    @property
    def user_agent(self) -> _Mode: ...
    @property
    def ip(self) -> _Mode: ...
    @property
    def key(self) -> _Mode: ...
    @property
    def ipv4_prefix(self) -> int: ...
    @property
    def ipv6_prefix(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Policy:
    def __new__(
        cls,
        *,
        idle_timeout: _Span = 1800,
        absolute_timeout: _Span = 43200,
        renew_after: _Span | None = None,
        remember_limit: _Span | None = None,
        grace: _Span = 10,
        leeway: _Span = 30,
        on_reuse: Literal["revoke", "refuse"] = "revoke",
        fresh_for: _Span = 2,
        stale_after: _Span = 30,
        on_stale: Literal["young_only", "refuse", "accept"] = "young_only",
        binding: BindingPolicy | _BindingSettings | None = None,
    ) -> Self: ...
    def replace(self, **changes: Unpack[_PolicySettings]) -> Policy: ...
    @staticmethod
    def aal1() -> Policy: ...
    @staticmethod
    def aal2() -> Policy: ...
    @staticmethod
    def aal3() -> Policy: ...
    @property
    def idle_timeout(self) -> timedelta: ...
    @property
    def absolute_timeout(self) -> timedelta: ...
    @property
    def renew_after(self) -> timedelta | None: ...
    @property
    def renew_interval(self) -> timedelta: ...
    @property
    def remember_limit(self) -> timedelta | None: ...
    def remembered_for(self, remember_for: _Span) -> Policy: ...
    @property
    def grace(self) -> timedelta: ...
    @property
    def leeway(self) -> timedelta: ...
    @property
    def on_reuse(self) -> Literal["revoke", "refuse"]: ...
    @property
    def fresh_for(self) -> timedelta: ...
    @property
    def stale_after(self) -> timedelta: ...
    @property
    def on_stale(self) -> Literal["young_only", "refuse", "accept"]: ...
    @property
    def binding(self) -> BindingPolicy: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Client:
    def __new__(
        cls,
        *,
        ip: str | IPv4Address | IPv6Address | None = None,
        user_agent: str | None = None,
        device: str | None = None,
        key: str | None = None,
        waited: _Span = 0,
    ) -> Self: ...
    def waiting(self, waited: _Span) -> Client: ...

@final
class Keyring:
    @staticmethod
    def generate(algorithm: str = "EdDSA") -> Keyring: ...
    @staticmethod
    def from_jwks(text: str, *, allow_rs256: bool = False) -> Keyring: ...
    @staticmethod
    def from_public_jwks(text: str, *, allow_rs256: bool = False) -> Keyring: ...
    @staticmethod
    def from_pem(
        kid: str | None, text: str, *, allow_rs256: bool = False, public_only: bool = False
    ) -> Keyring: ...
    @staticmethod
    def load(
        path: str | PathLike[str], *, allow_rs256: bool = False, public_only: bool = False
    ) -> Keyring: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def jwks(self) -> str: ...
    def private_jwks(self) -> str: ...
    def store_secret(self) -> bytes | None: ...
    def public_pem(self, kid: str) -> str: ...
    def private_pem(self, kid: str) -> str: ...
    def joined(self, other: Keyring) -> Keyring: ...
    def skipped(self) -> list[SkippedKey]: ...
    def has(self, kid: str) -> bool: ...
    def rotate(
        self,
        now: datetime | None = None,
        *,
        publish_for: _Span | None = None,
        keep_verifying: _Span | None = None,
    ) -> str: ...
    def keys(self, now: datetime | None = None) -> list[KeyInfo]: ...

@final
class KeyInfo:
    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> _Algorithm: ...
    @property
    def state(self) -> Literal["published", "signing", "verifying", "retired"]: ...
    @property
    def private(self) -> bool: ...
    @property
    def made_at(self) -> datetime | None: ...
    @property
    def signs_from(self) -> datetime | None: ...
    @property
    def verifies_until(self) -> datetime | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class SkippedKey:
    @property
    def kid(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class KeyringFile:
    def __new__(
        cls, path: str | PathLike[str], *, allow_rs256: bool = False, public_only: bool = False
    ) -> Self: ...
    @property
    def keyring(self) -> Keyring: ...
    def reload_if_changed(self) -> Keyring | None: ...

@final
class ManualClock:
    def __new__(cls, unix_seconds: _Span) -> Self: ...
    def advance(self, by: _Span) -> None: ...
    def set(self, unix_seconds: _Span) -> None: ...
    @property
    def unix_millis(self) -> int: ...

@final
class MemoryStore:
    def __new__(cls, *, quota: int = 4_000_000) -> Self: ...

@final
class SqliteStore:
    def __new__(
        cls,
        path: str | PathLike[str],
        *,
        busy_timeout: _Span = 5,
        doorbell: bool = True,
        quota: int = 4_000_000,
        group_access: bool = False,
    ) -> Self: ...
    @property
    def path(self) -> Path: ...
    @property
    def doorbell(self) -> Literal["mapped", "polling"]: ...

@final
class RedisStore:
    def __new__(
        cls,
        url: str,
        *,
        namespace: str = "sessera",
        name: str = "verifier",
        secret: bytes | None = None,
        start: Literal["require", "stale"] = "require",
        wait: Literal["stored", "confirmed"] | int = "stored",
        wait_timeout: _Span = 2,
        timeout: _Span = 2,
        beat_interval: _Span = 0.5,
        min_replicas: int = 0,
        connections: int = 4,
        quota: int = 4_000_000,
        root_certificates: bytes | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str: ...

@final
class Binding:
    @property
    def device(self) -> _Verdict: ...
    @property
    def user_agent(self) -> _Verdict: ...
    @property
    def ip(self) -> _Verdict: ...
    @property
    def key(self) -> _Verdict: ...
    @property
    def changed(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...

@final
class Session:
    @property
    def subject(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def issued_at(self) -> datetime: ...
    @property
    def rotated_at(self) -> datetime: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def authenticated_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def acr(self) -> str | None: ...
    @property
    def amr(self) -> list[str]: ...
    @property
    def claims(self) -> Mapping[str, Any]: ...
    @property
    def superseded(self) -> bool: ...
    @property
    def renew_due(self) -> bool: ...
    @property
    def rotation_due(self) -> bool: ...
    @property
    def binding(self) -> Binding: ...

@final
class Issued:
    @property
    def token(self) -> str: ...
    @property
    def session(self) -> Session: ...

@final
class ListedSession:
    @property
    def id(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def last_seen(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def label(self) -> str | None: ...
    @property
    def network(self) -> str | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Event:
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def session(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def replaced_ago(self) -> timedelta | None: ...
    @property
    def generations(self) -> int | None: ...
    @property
    def binding(self) -> Binding | None: ...

@final
class Sessions:
    def __new__(
        cls,
        issuer: str,
        audience: str,
        *,
        keyring: Keyring,
        policy: Policy | None = None,
        store: MemoryStore | SqliteStore | RedisStore | None = None,
        clock: ManualClock | None = None,
        observer: Callable[[Event], object] | None = None,
        sealed: bool = False,
        list_sessions: bool | None = None,
        list_networks: bool = False,
        max_sessions: int | None = None,
        clock_skew: _Span | None = None,
        longest_session: _Span | None = None,
        remembered_tokens: int = 2048,
        max_data: int = 1048576,
        max_visitor_data: int = 65536,
    ) -> Self: ...
    def issue(
        self,
        subject: str,
        *,
        claims: Mapping[str, Any] | None = None,
        client: Client | None = None,
        acr: str | None = None,
        amr: Sequence[str] = (),
        replaces: str | None = None,
    ) -> Issued: ...
    def verify(
        self, token: str, *, client: Client | None = None, live: bool = False, visitors: bool = False
    ) -> Session: ...
    def inspect(self, token: str, *, client: Client | None = None) -> Session: ...
    def issue_visitor(
        self, *, claims: Mapping[str, Any] | None = None, client: Client | None = None
    ) -> Issued: ...
    def renew_visitor(
        self, token: str, *, client: Client | None = None, claims: Mapping[str, Any] | None = None
    ) -> Issued: ...
    def end(self, token: str) -> _RevocationState | None: ...
    def renew(
        self, token: str, *, client: Client | None = None, claims: Mapping[str, Any] | None = None
    ) -> Issued: ...
    def rotate(self, token: str, *, client: Client | None = None) -> Issued: ...
    def elevate(
        self,
        token: str,
        *,
        client: Client | None = None,
        claims: Mapping[str, Any] | None = None,
        acr: str | None = None,
        amr: Sequence[str] = (),
    ) -> Issued: ...
    def revoke_session(self, id: str, *, wait: _Wait | None = None) -> _RevocationState: ...
    def revoke_subject(self, subject: str, *, wait: _Wait | None = None) -> _RevocationState: ...
    def revoke_all(self, *, wait: _Wait | None = None) -> _RevocationState: ...
    def revoke_key(self, kid: str, *, wait: _Wait | None = None) -> _RevocationState: ...
    def revoke_others(self, token: str, *, client: Client | None = None) -> Issued: ...
    def recheck(self, session: Session, *, live: bool = False) -> timedelta: ...
    def watch(self, session: Session, on_end: Callable[[SessionError], object]) -> Watch: ...
    def ended(self, session: Session) -> Coroutine[Any, Any, SessionError]: ...
    def sessions_of(self, subject: str) -> list[ListedSession]: ...
    def put_data(self, session: Session, data: bytes) -> None: ...
    def data(self, session: Session) -> bytes | None: ...
    def remove_data(self, session: Session) -> None: ...
    def require(
        self,
        session: Session,
        *,
        max_age: _Span | None = None,
        acr: str | Sequence[str] | None = None,
        amr: Sequence[str] = (),
    ) -> None: ...
    def csrf_token(self, session: Session) -> str: ...
    def check_csrf(
        self,
        session: Session,
        *,
        method: str,
        token: str | None,
        sec_fetch_site: str | None = None,
        origin: str | None = None,
        own_origins: Sequence[str] = (),
        trusted_origins: Sequence[str] = (),
        refuse_unknown: bool = False,
    ) -> None: ...
    def csrf_refused(self, session: Session | None = None) -> None: ...
    @property
    def keyring(self) -> Keyring: ...
    def replace_keyring(self, keyring: Keyring) -> None: ...
    @property
    def policy(self) -> Policy: ...
    def status(self) -> Status: ...
    @property
    def has_store(self) -> bool: ...

@final
class Status:
    @property
    def freshness(self) -> Literal["loading", "fresh", "stale", "expired"]: ...
    @property
    def ready(self) -> bool: ...
    @property
    def age(self) -> timedelta | None: ...
    @property
    def epoch(self) -> int: ...
    @property
    def applied(self) -> int: ...
    @property
    def marks(self) -> int: ...
    @property
    def quota(self) -> int: ...
    @property
    def pending(self) -> int: ...
    @property
    def memory(self) -> int: ...
    @property
    def overflows(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def problem(self) -> str | None: ...

@final
class Cookie:
    VARY: ClassVar[tuple[str, str]]
    NO_STORE: ClassVar[tuple[str, str]]
    CLEAR_SITE_DATA: ClassVar[tuple[str, str]]
    def __new__(
        cls,
        name: str = "__Host-session",
        *,
        domain: str | None = None,
        path: str = "/",
        same_site: Literal["Strict", "Lax", "None"] = "Lax",
        http_only: bool = True,
        secure: bool = True,
        partitioned: bool = False,
        max_age: _Span | None = None,
        dev: bool = False,
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    def set_cookie(self, value: str) -> str: ...
    def expire_cookie(self) -> str: ...
    def read(self, *headers: str | bytes) -> str | None: ...

@final
class DpopVerifier:
    def __new__(
        cls, *, max_age: _Span | None = None, leeway: _Span | None = None, capacity: int | None = None
    ) -> Self: ...
    def verify(
        self,
        proof: str,
        *,
        method: str,
        url: str,
        access_token: str | None = None,
        thumbprint: str | None = None,
        nonce: str | None = None,
        now: datetime | None = None,
    ) -> DpopProof: ...

@final
class DpopProof:
    @property
    def thumbprint(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def issued_at(self) -> datetime: ...

@final
class DpopKey:
    @staticmethod
    def generate(algorithm: Literal["ES256", "EdDSA"] = "ES256") -> DpopKey: ...
    @property
    def thumbprint(self) -> str: ...
    def proof(
        self,
        method: str,
        url: str,
        *,
        access_token: str | None = None,
        nonce: str | None = None,
        now: datetime | None = None,
    ) -> str: ...

def new_device_secret() -> str: ...
def client_address(
    peer: str | IPv4Address | IPv6Address | None, forwarded_for: Sequence[str], trusted_hops: int
) -> str | None: ...
def check_fetch(
    *,
    method: str,
    sec_fetch_site: str | None = None,
    origin: str | None = None,
    own_origins: Sequence[str] = (),
    trusted_origins: Sequence[str] = (),
    refuse_unknown: bool = False,
) -> None: ...
def is_safe_method(method: str) -> bool: ...
def jws_sign(payload: bytes, typ: str, keyring: Keyring, now: datetime | None = None) -> str: ...
def jws_verify(token: str, typ: str, keyring: Keyring, now: datetime | None = None) -> bytes: ...
def jwe_seal(payload: bytes, cty: str, keyring: Keyring) -> str: ...
def jwe_open(token: str, cty: str, keyring: Keyring) -> bytes: ...
