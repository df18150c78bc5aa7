"""The tables of the sync. They point to business objects by content type and uuid: no CRM model is known here."""

from integrations.models.bindings import (
    Binding,
    ObjectLink,
    PendingLink,
    RemoteName,
    content_type_of,
    external_name,
)
from integrations.models.budgets import BatchSize, Budget, CallMinute, Lane
from integrations.models.conflicts import Conflict, MatchCandidate
from integrations.models.connections import Connection, new_prefix
from integrations.models.events import EventTally, IntegrationEvent
from integrations.models.hooks import HookCheck, HookDay
from integrations.models.keys import KeyRotation
from integrations.models.mailboxes import InboxMessage, OutboxMessage
from integrations.models.missing import MissingRecord, SafetyStop
from integrations.models.options import Alert, Pulse, SyncOption
from integrations.models.runs import BeforeImage, Lease, PullCursor, SyncRun
from integrations.models.subscriptions import Delivery, Subscription

__all__ = [
    "Alert",
    "BatchSize",
    "BeforeImage",
    "Binding",
    "Budget",
    "CallMinute",
    "Conflict",
    "Connection",
    "Delivery",
    "EventTally",
    "HookCheck",
    "HookDay",
    "InboxMessage",
    "IntegrationEvent",
    "KeyRotation",
    "Lane",
    "Lease",
    "MatchCandidate",
    "MissingRecord",
    "ObjectLink",
    "OutboxMessage",
    "PendingLink",
    "PullCursor",
    "Pulse",
    "RemoteName",
    "SafetyStop",
    "Subscription",
    "SyncOption",
    "SyncRun",
    "content_type_of",
    "external_name",
    "new_prefix",
]
