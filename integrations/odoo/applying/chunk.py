"""One chunk of Odoo's records inside its transaction: lock, merge, write, note."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm import audit
from crm.models import Change, Opportunity, StageChange, Tag
from integrations import outbox
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.runs import image, image_under_way, keep_images
from integrations.models import BeforeImage, Binding, PendingLink, external_name
from integrations.models.bulk import insert_rows, row_maker, update_rows
from integrations.odoo.applying import clashes, matching, nouns
from integrations.odoo.applying.again import ours_again
from integrations.odoo.applying.beside import load_beside
from integrations.odoo.applying.build import Built, RowRefused, build, check_length, default_stage_id, moment
from integrations.odoo.applying.history import change_of
from integrations.odoo.applying.links import link_pending
from integrations.odoo.applying.primary import give_up
from integrations.odoo.applying.report import Applied, Refusal, Report, Row, park
from integrations.odoo.applying.tagging import TAG_MODELS, adopt_by_name, store_tags
from integrations.odoo.mappers import NounMap
from integrations.odoo.mappers.crm_lead import Standing
from integrations.odoo.mappers.kinds import Active, Field
from integrations.odoo.mappers.res_partner import PARENT, Above
from integrations.odoo.merge import Merged, merge, ruled_out

if TYPE_CHECKING:
    from integrations.odoo.applying.apply import Applier

_new_binding = row_maker(Binding)
BINDING_FIELDS = (
    "base",
    "remote_write_date",
    "seen_at",
    "confirmed",
    "state",
    "under_way",
    "under_way_image",
    "hold_until",
    "turn",
    "remote_id",
    "content_type",
    "object_uuid",
    "run",
)


class Chunk:
    """One chunk inside its transaction."""

    def __init__(self, applier: Applier, rows: list[Row], ours: Mapping[int, str]) -> None:
        self.applier = applier
        self.connection = applier.connection
        self.map = applier.map
        self.refs = applier.refs
        self.rows = rows
        self.ours = ours
        self.now = timezone.now()
        self.report = Report()
        self.fresh: list[tuple[Row, NounMap, Built, Binding]] = []
        self.touched: list[Binding] = []
        self.links: list[PendingLink] = []
        self.arrived: list[int] = []
        self.questions: clashes.Open = {}
        self.book = applier.book
        self.run_id = applier.book.pk if applier.book else None
        self.images: list[BeforeImage] = []
        self.changes: list[Change | None] = []

    def run(self) -> Report:
        bindings = self._bindings()
        self.report.overtaken = [one for one, binding in bindings.items() if self.applier.overtaken(binding)]
        objects = objects_of(bindings.values(), lock=True)
        if objects:
            self.questions = clashes.open_questions(self.connection, self.map.remote_model, objects)
        by_noun: dict[NounMap, list[tuple[Row, Binding | None, Any]]] = {noun: [] for noun in self.map.nouns}
        for row in self.rows:
            if row["id"] in self.report.overtaken:
                continue
            binding = bindings.get(row["id"])
            obj = objects.get(binding.object_uuid) if binding else None
            if binding is None and row["id"] in self.held:
                self.report.held += 1
                continue
            noun = self.map.noun_of(row)
            if obj is not None and binding is not None:
                asked = (obj.uuid, nouns.FLIP) in self.questions
                moved = nouns.follow(self.applier.session, self.map, binding, obj, row, self.refs, asked=asked)
                if moved.clashes:
                    self._keep_lost(row, binding, moved)
                if moved.obj is not obj:
                    self._keep_image(binding, moved.noun, {}, turned_from=obj._meta.label)
                    self.refs.note(self.map.remote_model, row["id"], moved.obj)
                    self.arrived.append(row["id"])
                obj, noun = moved.obj, moved.noun
            by_noun[noun].append((row, binding, obj))
        for noun, work in by_noun.items():
            if work:
                self._noun(noun, work)
        self._finish()
        return self.report

    def _keep_lost(self, row: Row, binding: Binding, moved: nouns.Followed) -> None:
        """What a flip left no room for, whatever becomes of the rest of the row."""
        lost = Applied(row, binding, moved.obj, moved.noun, Merged(clashes=list(moved.clashes)))
        self.report.conflicts += clashes.keep(self.connection, [lost], {}, self.now)

    def _bindings(self) -> dict[int, Binding]:
        """Lock the bindings of this chunk, and tie records that carry our external id to their objects."""
        mine = Binding.objects.select_for_update().filter(
            connection=self.connection, remote_model=self.map.remote_model
        )
        ids = [row["id"] for row in self.rows]
        found: dict[Any, Binding] = {one.remote_id: one for one in mine.filter(remote_id__in=ids).order_by("pk")}
        unbound = [row for row in self.rows if row["id"] not in found]
        self.held: set[int] = set()
        if not unbound:
            return found
        names = {self.ours[row["id"]]: row["id"] for row in unbound if row["id"] in self.ours}
        if names:
            for binding in mine.filter(external_name__in=names, remote_id=None).order_by("pk"):
                self._tie(binding, names[binding.external_name], found)
            for row in unbound:
                if row["id"] in self.ours and row["id"] not in found:
                    found[row["id"]] = ours_again(self.connection, self.map, row, self.ours[row["id"]])
        strangers = [row for row in unbound if row["id"] not in found]
        if self.map.remote_model in TAG_MODELS:
            found |= adopt_by_name(self.connection, self.map, strangers)
        if strangers and self.applier.seek_twins and self.map.remote_model == "res.partner":
            for binding, remote_id in matching.twins(self.connection, self.map, strangers):
                self._tie(binding, remote_id, found)
        self.held = self.applier.open_candidates
        return found

    def _tie(self, binding: Binding, remote_id: int, found: dict[Any, Binding]) -> None:
        binding.remote_id = remote_id
        binding.state = Binding.State.BOUND
        binding.save(update_fields=["remote_id", "state"])
        found[remote_id] = binding

    def _noun(self, noun: NounMap, work: list[tuple[Row, Binding | None, Any]]) -> None:
        self.refs.gather(noun, [row for row, _binding, _obj in work])
        known = [(row, binding, obj) for row, binding, obj in work if obj is not None and binding is not None]
        if known:
            self._merge(noun, known)
        new = [(row, binding) for row, binding, obj in work if obj is None]
        if new:
            self._create(noun, new)

    # --- known records ---

    def _merge(self, noun: NounMap, work: list[tuple[Row, Binding, Any]]) -> None:
        load_beside(noun, [obj for _row, _binding, obj in work])
        changed: list[Applied] = []
        fields: set[str] = set()
        refused = 0
        for row, binding, obj in work:
            merged = merge(
                noun,
                obj,
                binding.base,
                row,
                self.refs,
                self.applier.rules,
                under_way=binding.under_way,
                clock_offset=self.applier.session.clock_offset,
            )
            applied = Applied(row, binding, obj, noun, merged)
            try:
                for one, here in merged.changes.items():
                    check_length(noun, one.local, here)
            except RowRefused as refusal:
                self._refuse(row, refusal)
                refused += 1
                continue
            self.report.applied.append(applied)
            if merged.changes:
                changed.append(applied)
                self._write(applied, fields)
                self._keep_image(binding, noun, self._pairs(applied))
            self._note_binding(applied)
            self._note_links(binding, merged.links)
        self._save(noun, changed, fields)
        self.report.updated += len(changed)
        self.report.unchanged += len(work) - len(changed) - refused

    def _refuse(self, row: Row, refusal: RowRefused) -> None:
        self.report.refused.append(Refusal(row["id"], str(refusal)))
        park(self.connection.pk, self.map.remote_model, row["id"], str(refusal), run_id=self.run_id)

    def _pairs(self, applied: Applied) -> dict[str, Any]:
        """What a run's before-image says of a record: before and after, by field."""
        by_remote = applied.noun.by_remote
        after = {name: by_remote[name].read(applied.obj) for name in applied.before}
        return {name: [before, after[name]] for name, before in applied.before.items() if before != after[name]}

    def _keep_image(self, binding: Binding, noun: NounMap, fields: dict[str, Any], *, turned_from: str = "") -> None:
        if self.run_id is not None and (fields or turned_from):
            self.images.append(
                image(
                    self.run_id,
                    content_type_id=noun.content_type.pk,
                    object_uuid=binding.object_uuid,
                    remote_model=self.map.remote_model,
                    remote_id=binding.remote_id,
                    fields=fields,
                    turned_from=turned_from,
                )
            )

    def _write(self, applied: Applied, fields: set[str]) -> None:
        obj, noun = applied.obj, applied.noun
        before = copy(obj)
        given_up: tuple[str, ...] = ()
        touched: set[Field] = {*applied.merged.changes, *self._drawn_along(applied)}
        applied.before = {one.remote: one.read(obj) for one in touched}
        for one, here in applied.merged.changes.items():
            if noun.label == "crm.Opportunity" and one.local == "stage" and here is None:
                here = default_stage_id()
            one.write(obj, here)
            fields.update(one.attributes)
        if any(isinstance(one, Above | Active) for one in applied.merged.changes):
            given_up = give_up(obj)
            fields.update(given_up)
        if isinstance(obj, Opportunity) and any(isinstance(one, Standing) for one in applied.merged.changes):
            self._follow_standing(obj, applied, fields)
        if not getattr(obj, noun.title):
            setattr(obj, noun.title, _("(no name)"))
        obj.version += 1
        obj.updated_at = self.now
        obj.updated_by_id = None
        obj.search_text = obj.build_search_text()
        if isinstance(obj, Opportunity) and obj.stage_id != before.stage_id:
            obj.stage_since = self.now
            fields.add("stage_since")
            StageChange.objects.create(
                opportunity=obj, from_stage_id=before.stage_id, to_stage_id=obj.stage_id, changed_at=self.now
            )
        self.changes.append(change_of(before, obj, touched, also=given_up))

    def _drawn_along(self, applied: Applied) -> list[Field]:
        """Fields that a change of another one may move."""
        stage = applied.noun.by_remote.get("stage_id")
        return [stage] if stage and any(isinstance(one, Standing) for one in applied.merged.changes) else []

    def _follow_standing(self, obj: Opportunity, applied: Applied, fields: set[str]) -> None:
        """A deal that Odoo opens again leaves our lost stage, one that it loses a won one, for the stage it has there.

        That it was won here in the same moment is kept on a conflict.
        """
        if not (obj.stage.is_lost if obj.lost_at is None else obj.stage.is_won):
            return
        stage, merged = applied.noun.by_remote["stage_id"], applied.merged
        if obj.lost_at is not None:
            merged.clashes += ruled_out(
                [field for field in merged.outgoing if field is stage],
                obj,
                applied.binding.base,
                applied.row,
                self.refs,
            )
            merged.outgoing.pop(stage, None)
        obj.stage_id = (
            self.refs.here("crm.stage", applied.row.get("stage_id") or 0) or default_stage_id() or obj.stage_id
        )
        fields.add("stage")

    def _save(self, noun: NounMap, changed: list[Applied], fields: set[str]) -> None:
        if not changed:
            return
        columns = [*sorted(fields - {"tags"}), "version", "updated_at", "updated_by", "search_text"]
        update_rows([applied.obj for applied in changed], columns)
        tag_field = noun.tag_field
        if tag_field and "tags" in fields:
            store_tags(noun, [applied.obj for applied in changed if tag_field in applied.merged.changes])

    def _note_binding(self, applied: Applied) -> None:
        binding, row = applied.binding, applied.row
        written = moment(row["write_date"])
        if binding.base.get(PARENT) != applied.merged.base.get(PARENT):
            self.refs.note(self.map.remote_model, row["id"], applied.obj)
            self.arrived.append(row["id"])
        if applied.merged.base_changed or binding.remote_write_date != written or binding.state != "bound":
            if binding.remote_write_date != written:
                binding.seen_at, binding.confirmed = self.now, False
            binding.base = applied.merged.base
            binding.remote_write_date = written
            binding.state = Binding.State.BOUND
            self.touched.append(binding)
        late = binding.hold_until is not None and binding.hold_until > self.now
        if binding.under_way is not None and (applied.merged.arrived or not late):
            if applied.merged.arrived and binding.under_way_image:
                self.images.append(image_under_way(binding))
            binding.under_way = binding.under_way_image = binding.hold_until = None
            self.touched.append(binding)

    def _note_links(self, binding: Binding, links: Mapping[str, tuple[str, int]]) -> None:
        self.links += [
            PendingLink(binding=binding, field=name, target_model=model, target_id=target)
            for name, (model, target) in links.items()
        ]

    # --- new records ---

    def _create(self, noun: NounMap, work: list[tuple[Row, Binding | None]]) -> None:
        fresh: list[tuple[Row, Built, Binding | None]] = []
        for row, binding in work:
            try:
                built = build(noun, row, self.refs, now=self.now, object_uuid=binding.object_uuid if binding else None)
            except RowRefused as refusal:
                self._refuse(row, refusal)
                continue
            fresh.append((row, built, binding))
        if noun.label == "crm.Tag":
            self._name_apart(fresh)
        if noun.label == "crm.Opportunity":
            stage_id = default_stage_id()
            for _row, built, _binding in fresh:
                built.obj.stage_id = built.obj.stage_id or stage_id
        insert = [built.obj for _row, built, _binding in fresh if built.obj.pk is None]
        insert_rows(insert)
        if noun.tag_field:
            store_tags(noun, [obj for obj in insert if getattr(obj, "tag_ids", None)], fresh=True)
        new_bindings: list[Binding] = []
        content_type = noun.content_type
        for row, built, binding in fresh:
            written = moment(row["write_date"])
            tie = binding or _new_binding(
                connection_id=self.connection.pk,
                remote_model=self.map.remote_model,
                external_name=external_name(self.map.remote_model, built.obj.uuid),
            )
            tie.remote_id = row["id"]
            tie.content_type_id = content_type.pk
            tie.object_uuid = built.obj.uuid
            tie.state = Binding.State.BOUND
            tie.turn = 1
            tie.base = built.base
            tie.remote_write_date = written
            tie.run_id = self.run_id
            tie.seen_at = self.now
            tie.confirmed = written < self.now - self.applier.overlap if self.applier.overlap else False
            (self.touched if binding else new_bindings).append(tie)
            self.refs.note(self.map.remote_model, row["id"], built.obj)
        insert_rows(new_bindings)
        self.report.created += len(fresh)
        by_remote = {tie.remote_id: tie for tie in [*new_bindings, *self.touched]}
        for row, built, _binding in fresh:
            tie = by_remote[row["id"]]
            self._note_links(tie, built.links)
            self.report.applied.append(Applied(row, tie, built.obj, noun, Merged(base=built.base), created=True))

    def _name_apart(self, fresh: list[tuple[Row, Built, Binding | None]]) -> None:
        """Odoo has two tags of one name: ours must differ, so that the second one carries its number."""
        names = {tag.search_text for tag in Tag.objects.all()}
        for row, built, _binding in fresh:
            tag = built.obj
            if tag.search_text in names:
                remote_name, tag.name = tag.name, f"{tag.name[:100]} ({row['id']})"
                tag.search_text = tag.build_search_text()
                built.base["name"] = [tag.name, remote_name]
            names.add(tag.search_text)

    # --- the end of the chunk ---

    def _count(self) -> None:
        """Tell the run, in this very transaction, what became of the rows that it has met."""
        if self.book and self.applier.counted:
            self.book.settle(
                sent=self.report.created + self.report.updated,
                skipped=self.report.unchanged + self.report.held + len(self.report.overtaken),
                failed=len(self.report.refused),
            )

    def _finish(self) -> None:
        if self.touched:
            touched = list({id(binding): binding for binding in self.touched}.values())
            for binding in touched:
                binding.turn += 1
            update_rows(touched, BINDING_FIELDS)
        self.report.conflicts += clashes.keep(self.connection, self.report.applied, self.questions, self.now)
        keep_images(self.images)
        audit.keep(*self.changes)
        self._count()
        if self.links:
            PendingLink.objects.bulk_create(
                self.links,
                update_conflicts=True,
                unique_fields=["binding", "field"],
                update_fields=["target_model", "target_id"],
            )
        self.arrived += [applied.row["id"] for applied in self.report.applied if applied.created]
        if self.arrived:
            link_pending(self.applier, self.arrived)
        if self.applier.announce:
            tags = self.map.remote_model in TAG_MODELS  # what one kind of Odoo tag brought, the other is told
            waiting = [
                applied.obj
                for applied in self.report.applied
                if applied.merged.outgoing or (tags and applied.merged.changes)
            ]
            if waiting:
                outbox.announce(*waiting)
