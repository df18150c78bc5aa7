"""The tables of the CRM, one module per noun."""

from crm.models.accounts import Account, Contact
from crm.models.activities import Activity, CommunicationLog, Note, Task
from crm.models.answers import KeptAnswer
from crm.models.audit import Change, Origin
from crm.models.base import Coordinates, Linked, OwnFields, PostalAddress, Record, RecordQuerySet
from crm.models.jobs import Job, JobPart
from crm.models.merges import Merge, NotDuplicates
from crm.models.opportunities import LostReason, Opportunity, Priority, Stage, StageChange
from crm.models.places import Country, CountryState
from crm.models.tags import Tag
from crm.models.tokens import PersonalToken
from crm.models.users import ADMIN_ROLES, Team, User
from crm.models.views import DefaultView, SavedView

__all__ = [
    "ADMIN_ROLES",
    "Account",
    "Activity",
    "Change",
    "CommunicationLog",
    "Contact",
    "Coordinates",
    "Country",
    "CountryState",
    "DefaultView",
    "Job",
    "JobPart",
    "KeptAnswer",
    "Linked",
    "LostReason",
    "Merge",
    "NotDuplicates",
    "Note",
    "Opportunity",
    "Origin",
    "OwnFields",
    "PersonalToken",
    "PostalAddress",
    "Priority",
    "Record",
    "RecordQuerySet",
    "SavedView",
    "Stage",
    "StageChange",
    "Tag",
    "Task",
    "Team",
    "User",
]
