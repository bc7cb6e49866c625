"""People: who they are, their roles and domains, and what happens when they come, change and leave."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, ReasonRequest, StrictSerializer, respond_after_change
from api.v1.fields import FlagParameter, MomentField, OptionalEmailField, OptionalTextField, TextField, choices
from catalog.models import Deputy, Person
from catalog.rules.errors import NotFoundError
from catalog.rules.roles import PersonRole
from catalog.rules.scopes import Scope
from catalog.services.deputies import end_deputy, name_deputy
from catalog.services.email_addresses import how_to_confirm
from catalog.services.people import add_person, close_account, open_account, set_domains, set_email, set_roles
from catalog.services.permissions import sees_everything
from trust.desk.services.hand_over import hand_over_everything


class PersonAnswer(serializers.ModelSerializer[Person]):
    name = serializers.CharField(source="get_full_name", help_text="Full name; empty where none is known.")
    email = serializers.SerializerMethodField(
        help_text="The verified address. Null unless it is yours, or you are of governance or an auditor."
    )
    email_to_confirm = serializers.SerializerMethodField(
        help_text="An address that does not count yet: the person has not confirmed it. Null as `email` is."
    )
    email_remedy = serializers.SerializerMethodField(
        help_text="What to do so that `email_to_confirm` counts; empty where none waits. Null as `email` is."
    )
    roles = serializers.SerializerMethodField(help_text="Null unless they are yours, or you are of governance or an auditor.")
    domains = serializers.SerializerMethodField(help_text="The domains in which the person acts for governance.")

    class Meta:
        model = Person
        fields = ["username", "name", "email", "email_to_confirm", "email_remedy", "is_active", "roles", "domains"]

    def get_email(self, person: Person) -> str | None:
        return person.email if self._is_told_of(person) else None

    def get_email_to_confirm(self, person: Person) -> str | None:
        return person.email_to_confirm if self._is_told_of(person) else None

    def get_email_remedy(self, person: Person) -> str | None:
        return how_to_confirm(person) if self._is_told_of(person) else None

    def get_roles(self, person: Person) -> list[str] | None:
        return sorted(group.name for group in person.groups.all()) if self._is_told_of(person) else None

    def get_domains(self, person: Person) -> list[str]:
        return sorted(one.domain.slug for one in person.governed_domains.all())

    def _is_told_of(self, person: Person) -> bool:
        return bool(self.context["sees_accounts"]) or person.pk == self.context["reader"]


class PeopleQuery(StrictSerializer):
    is_active = FlagParameter(required=False)
    role = serializers.ChoiceField(choices(PersonRole), required=False, help_text="For governance and auditors.")


class PersonRequest(StrictSerializer):
    username = TextField(max_length=150)
    name = OptionalTextField(max_length=300, required=False)
    email = OptionalEmailField(max_length=254, required=False, help_text="Counts once the person has confirmed it.")
    roles = serializers.ListField(child=serializers.ChoiceField(choices(PersonRole)), required=False, max_length=3)


class RolesRequest(ReasonRequest):
    roles = serializers.ListField(child=serializers.ChoiceField(choices(PersonRole)), max_length=3, help_text="All of them.")


class DomainsRequest(ReasonRequest):
    domains = serializers.ListField(child=TextField(max_length=80), max_length=1000, help_text="Slugs, all of them.")


class EmailRequest(StrictSerializer):
    email = TextField(max_length=254)


class HandOverRequest(ReasonRequest):
    to = TextField(max_length=150, help_text="Username of the active person who answers for everything from now on.")


class HandedOverAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="`product`, `stewardship of`, `consumer`, `agreement`, `use case`, `waiver`, ...")
    name = serializers.CharField()


class HandOverAnswer(serializers.Serializer[Any]):
    handed_over = HandedOverAnswer(many=True)


def find_account(username: str) -> Person:
    """Raises `NotFoundError`."""
    person = Person.objects.filter(username=username).prefetch_related("groups", "governed_domains__domain").first()
    if person is None:
        raise NotFoundError(
            f"There is no person {username[:80]}.", remedy="GET /api/v1/people lists all.", code="person_unknown"
        )
    return person


class DeputyAnswer(ModelAnswer[Deputy]):
    deputy = serializers.CharField(source="deputy.username")
    person = serializers.CharField(source="person.username")

    class Meta:
        model = Deputy
        fields = ["id", "person", "deputy", "starts_at", "ends_at", "reason", "named_at", "ended_at"]


class DeputyRequest(ReasonRequest):
    deputy = TextField(max_length=150, help_text="Username of the active person who stands in.")
    starts_at = MomentField(required=False, help_text="Now, where it is left out.")
    ends_at = MomentField()


class PeopleApiView(ApiView):
    read_scope = Scope.ADMIN  # an agent has no business with the list of the people
    write_scope = Scope.ADMIN

    def context(self) -> dict[str, Any]:
        return {"sees_accounts": sees_everything(self.actor), "reader": self.actor.pk}

    def shown(self, person: Person, status: int = 200) -> Response:
        answer = PersonAnswer(find_account(person.username), context=self.context()).data
        return respond_after_change(answer, location=f"/api/v1/people/{person.username}", status=status)


class PeopleView(PeopleApiView):
    query = PeopleQuery
    pagination_class = KeysetPagination
    keyset = ("username",)

    @extend_schema(operation_id="list_people", responses=PersonAnswer(many=True), tags=["people"])
    def get(self, request: Request) -> Response:
        """Everybody with an account, by username."""
        context = self.context()
        role = self.parameters.pop("role", None)
        rows = self.matching(Person.objects.prefetch_related("groups", "governed_domains__domain"), {"is_active": "is_active"})
        if role is not None:
            rows = rows.filter(groups__name=role) if context["sees_accounts"] else rows.none()
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(rows, self.request, self)
        return paginator.get_paginated_response(PersonAnswer(page, many=True, context=context).data)

    @extend_schema(operation_id="add_person", request=PersonRequest, responses={201: PersonAnswer}, tags=["people"])
    def post(self, request: Request) -> Response:
        """Add a person, as governance. The role `governance` is given by superusers alone.

        The account has no password; one is set in the admin. An address waits in `email_to_confirm` until the person has
        confirmed it by the link in the mail.
        """
        given = self.body(PersonRequest)
        person = add_person(
            username=given["username"],
            full_name=given.get("name", ""),
            email=given.get("email", ""),
            roles=[PersonRole(role) for role in given.get("roles", ())],
            actor=self.actor,
        )
        return self.shown(person, 201)


class PersonView(PeopleApiView):
    @extend_schema(operation_id="get_person", responses=PersonAnswer, tags=["people"])
    def get(self, request: Request, username: str) -> Response:
        """One person."""
        return Response(PersonAnswer(find_account(username), context=self.context()).data)


class ClosePersonView(PeopleApiView):
    @extend_schema(operation_id="close_person", request=ReasonRequest, responses=PersonAnswer, tags=["people"])
    def post(self, request: Request, username: str) -> Response:
        """Close an account, as governance. What the person answers for is best handed over first."""
        reason = self.body(ReasonRequest)["reason"]
        return self.shown(close_account(person=find_account(username), reason=reason, actor=self.actor))


class OpenPersonView(PeopleApiView):
    @extend_schema(operation_id="open_person", request=ReasonRequest, responses=PersonAnswer, tags=["people"])
    def post(self, request: Request, username: str) -> Response:
        """Open a closed account again, as governance; one of governance as a superuser."""
        reason = self.body(ReasonRequest)["reason"]
        return self.shown(open_account(person=find_account(username), reason=reason, actor=self.actor))


class PersonRolesView(PeopleApiView):
    is_personal = True

    @extend_schema(operation_id="set_roles", request=RolesRequest, responses=PersonAnswer, tags=["people"])
    def put(self, request: Request, username: str) -> Response:
        """Give a person exactly these roles, as governance; where `governance` is or was among them, as a superuser."""
        given = self.body(RolesRequest)
        roles = [PersonRole(role) for role in given["roles"]]
        return self.shown(set_roles(person=find_account(username), roles=roles, reason=given["reason"], actor=self.actor))


class PersonDomainsView(PeopleApiView):
    is_personal = True

    @extend_schema(operation_id="set_domains", request=DomainsRequest, responses=PersonAnswer, tags=["people"])
    def put(self, request: Request, username: str) -> Response:
        """Let a person act for governance in exactly these domains, as a superuser: reviews, waivers, agreements and policies
        of their products.
        """
        given = self.body(DomainsRequest)
        person = find_account(username)
        return self.shown(set_domains(person=person, domains=given["domains"], reason=given["reason"], actor=self.actor))


class PersonEmailView(PeopleApiView):
    @extend_schema(operation_id="set_email", request=EmailRequest, responses=PersonAnswer, tags=["people"])
    def put(self, request: Request, username: str) -> Response:
        """Give a person another address, as governance; somebody of governance, as a superuser.

        It counts once the person has confirmed it by the link in the mail that is sent. The same address again sends the mail
        again, at most once in five minutes.
        """
        find_account(username)
        return self.shown(set_email(username=username, email=self.body(EmailRequest)["email"], actor=self.actor))


class DeputiesView(PeopleApiView):
    is_personal = True  # a machine that names a deputy could choose who acts for its person
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_deputies", responses=DeputyAnswer(many=True), tags=["people"])
    def get(self, request: Request, username: str) -> Response:
        """The deputies of a person, past and present, newest first."""
        return self.page(find_account(username).deputies.select_related("person", "deputy"), DeputyAnswer)

    @extend_schema(operation_id="name_deputy", request=DeputyRequest, responses={201: DeputyAnswer}, tags=["people"])
    def post(self, request: Request, username: str) -> Response:
        """Name a deputy for an absence, as the person or as governance.

        The deputy does under their own name what the person is asked to do for what they own and look after. The two do not
        count as two people.
        """
        given = self.body(DeputyRequest)
        row = name_deputy(
            person=find_account(username),
            deputy=given["deputy"],
            starts_at=given.get("starts_at", self.now),
            ends_at=given["ends_at"],
            reason=given["reason"],
            actor=self.actor,
            now=self.now,
        )
        return _shown_deputy(row, 201)


class EndDeputyView(PeopleApiView):
    is_personal = True

    @extend_schema(operation_id="end_deputy", request=None, responses=DeputyAnswer, tags=["people"])
    def post(self, request: Request, username: str, deputy_id: int) -> Response:
        """End an absence before its time, as the person, the deputy or governance."""
        row = find_account(username).deputies.filter(pk=deputy_id).first()
        if row is None:
            remedy = f"GET /api/v1/people/{username}/deputies lists all."
            raise NotFoundError(f"{username} has no deputy {deputy_id}.", remedy=remedy, code="deputy_unknown")
        return _shown_deputy(end_deputy(deputy=row, actor=self.actor, now=self.now))


def _shown_deputy(row: Deputy, status: int = 200) -> Response:
    location = f"/api/v1/people/{row.person.username}/deputies"
    return respond_after_change(DeputyAnswer(row).data, location=location, status=status)


class HandOverView(PeopleApiView):
    is_personal = True

    @extend_schema(operation_id="hand_over_everything", request=HandOverRequest, responses=HandOverAnswer, tags=["people"])
    def post(self, request: Request, username: str) -> Response:
        """Hand over all that a person answers for, as that person or as governance, and list it.

        Products, consumers with their agreements, use cases and measures, open incidents and exceptions, waivers.
        """
        given = self.body(HandOverRequest)
        done = hand_over_everything(
            person=find_account(username), to=given["to"], reason=given["reason"], actor=self.actor, now=self.now
        )
        answer = {"handed_over": HandedOverAnswer(done, many=True).data}
        return respond_after_change(answer, location=f"/api/v1/people/{username}")
