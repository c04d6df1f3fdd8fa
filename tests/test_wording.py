"""What is wrong is said in our words, at the field it is about; nothing in English, nothing of Django's own."""

import gettext
import re
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.admin import site
from django.db import models
from django.test import Client, RequestFactory
from django.utils.functional import Promise
from rest_framework import exceptions, serializers

from cases.forms import FIELDS
from cases.models import Case, Category, Responsibility, WorkingHours
from cases.workflow import State
from governance.by_role import ReadOnly
from governance.models import Organization, Post, User
from governance.roles import Role
from grid.models import Grid, GridDuty
from tests import people
from tests.lives import case_at, reported, walk
from tests.test_shape import python_files

OURS = ("governance", "partybuilding", "records", "grid", "cases", "dashboard", "desk", "field")
#: Words that are the same in both languages.
ALLOWED = re.compile(
    r"%\(\w+\)[sd]|\{\w+\}|%[sd]|JSON|UTF-8|WGS-84|JPEG|PNG|WebP|HEIC|MB|UUID|Idempotency-Key|true|false|box=|name@example\.cn"
    r"|T(?=\d\d:)|[._ -]+。"
)
DJANGOS_OWN = re.compile(r"该字段|此字段|这个字段|字段不能|约束|有效的|无效|确保该|确保这个|object|对象")


COUNTED = {"limit_value": 1, "show_value": 2, "max": 1, "length": 2, "value": "值"}


def is_ours(sentence: str) -> bool:
    plain = ALLOWED.sub("", sentence)
    return not re.search(r"[A-Za-z]", plain) and not DJANGOS_OWN.search(sentence) and bool(sentence.strip())


def subclasses(base: type) -> Iterator[type]:
    for one in base.__subclasses__():
        yield one
        yield from subclasses(one)


def our_own(base: type) -> list[type]:
    for name, _ in python_files():
        if (
            name.split("/")[0] in OURS
            and "/migrations/" not in name
            and "/management/" not in name
            and "rebuilding" not in name
        ):
            import_module(name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    classes = {one for one in subclasses(base) if one.__module__.split(".")[0] in OURS}
    return sorted(classes, key=lambda one: (one.__module__, one.__qualname__))


def sentences_of(field: forms.Field | serializers.Field | models.Field) -> Iterator[str]:
    yield from map(str, field.error_messages.values())
    for check in field.validators:
        for message in (getattr(check, "message", None), *getattr(check, "messages", {}).values()):
            if isinstance(message, str | Promise):
                yield str(message % COUNTED)  # a sentence with a number is none before the number is known
    for part in getattr(field, "fields", ()) or ():
        if isinstance(part, forms.Field):
            yield from sentences_of(part)


def wrong_in(fields: dict[str, Any], where: str) -> list[str]:
    return [
        f"{where}.{name}: {sentence}"
        for name, field in fields.items()
        for sentence in sentences_of(field)
        if not is_ours(sentence)
    ]


# Every sentence there is ------------------------------------------------------------------------------------------


def test_every_form_says_what_is_wrong_in_our_words():
    found = our_own(forms.BaseForm)
    assert len(found) > 12
    assert [line for form in found for line in wrong_in(form.base_fields, form.__name__)] == []


@pytest.mark.django_db
def test_every_field_of_every_move_asks_for_itself_by_its_name():
    case, user = case_at(State.CLOSED), people.clerk()
    fields = {name: make(case, user) for name, make in FIELDS.items()}
    assert wrong_in(fields, "move") == []
    client = Client()
    client.force_login(user)
    answer = client.post(f"/cases/{reported().uuid}/moves/decline/", {"key": uuid.uuid4()})
    assert answer.context["form"].errors == {"reason": ["请填写理由。"]}


@pytest.mark.django_db
def test_every_form_of_the_configuration_says_what_is_wrong_in_our_words():
    request, wrong = RequestFactory().get("/"), []
    request.user = User.objects.create_superuser("test_root", name="超级用户")
    request.session = {}
    for model, page in site._registry.items():
        row = model.objects.order_by("pk").first()
        for obj in (None, row):
            shape = page.get_form(request, obj)
            wrong += wrong_in(shape.base_fields, model.__name__)
            for inline in page.get_inline_instances(request, obj):
                wrong += wrong_in(inline.get_formset(request, obj).form.base_fields, type(inline).__name__)
    assert wrong == []


def test_every_shape_of_the_interface_says_what_is_wrong_in_our_words():
    shapes = our_own(serializers.Serializer)
    assert len(shapes) > 8
    assert [line for one in shapes for line in wrong_in(one._declared_fields, one.__name__)] == []


def test_every_answer_to_a_program_is_in_our_words():
    made: list[exceptions.APIException] = [
        exceptions.ParseError(), exceptions.NotAuthenticated(), exceptions.AuthenticationFailed(),
        exceptions.PermissionDenied(), exceptions.NotFound(), exceptions.MethodNotAllowed("PUT"),
        exceptions.NotAcceptable(), exceptions.UnsupportedMediaType("text/plain"), exceptions.Throttled(),
        exceptions.APIException(),
    ]  # fmt: skip
    assert [str(one.detail) for one in made if not is_ours(str(one.detail).replace("PUT", ""))] == []


def test_every_constraint_of_what_the_configuration_changes_has_a_sentence_and_a_field():
    kept = [model for model, page in site._registry.items() if not isinstance(page, ReadOnly)]
    shown = [*kept, *(inline.model for page in site._registry.values() for inline in page.inlines)]
    lacking = [
        f"{model.__name__}.{rule.name}"
        for model in shown
        if model._meta.app_label in OURS
        for rule in model._meta.constraints
        if rule.violation_error_message == rule.default_violation_error_message
        or rule.violation_error_code not in {field.name for field in model._meta.fields}
    ]
    assert lacking == []


def test_every_row_that_the_configuration_shows_has_a_name():
    shown = {model for model in site._registry if model._meta.app_label in OURS}
    shown |= {inline.model for page in site._registry.values() for inline in page.inlines}
    shown |= {f.related_model for model in shown for f in model._meta.fields if f.is_relation}
    assert [model.__name__ for model in shown if model.__str__ is models.Model.__str__] == []


@pytest.mark.django_db
def test_a_row_is_named_in_chinese():
    for model in apps.get_models():
        if model in site._registry and (row := model.objects.order_by("pk").first()):
            assert "object" not in str(row) and re.search(r"[\u4e00-\u9fff]|\d", str(row)), str(row)


def test_the_compiled_sentences_are_those_of_the_readable_file():
    folder = Path(settings.BASE_DIR) / "config/locale/zh_Hans/LC_MESSAGES"
    text = (folder / "django.po").read_text()
    unquoted = lambda quoted: quoted.replace('\\"', '"').replace("\\\\", "\\")  # noqa: E731
    pairs = re.findall(r'^msgid "(.+)"\n(?:msgid_plural ".+"\n)?msgstr(?:\[0\])? "(.+)"$', text, re.M)
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(pairs) > 90
    for original, ours in pairs:
        assert unquoted(ours) in (
            compiled.gettext(unquoted(original)),
            compiled.ngettext(unquoted(original), "", 1),
        )
        assert is_ours(unquoted(ours).replace("{method}", "")), ours


# At their fields --------------------------------------------------------------------------------------------------


def admin(role: Role) -> Client:
    client = Client()
    client.force_login(people.someone(role, people.DISTRICT))
    return client


def errors(
    client: Client, model: type[models.Model], body: dict[str, Any], row: models.Model | None = None
) -> dict:
    end = f"{row.pk}/change/" if row else "add/"
    answer = client.post(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{end}", body)
    assert answer.status_code == 200, answer.status_code
    return {name: list(told) for name, told in answer.context["adminform"].form.errors.items()}


@pytest.fixture
def post(db) -> Post:
    return Post.objects.filter(user__username="shequ", ends_on=None).get()


def test_a_post_that_ends_before_it_began_is_refused_at_its_end(post):
    told = errors(admin(Role.SECURITY_ADMIN), Post, {"ends_on": "2015-01-01"}, post)
    assert told == {"ends_on": ["离任日期须晚于任职日期。"]}


def test_a_post_held_twice_is_refused_at_the_role_or_above_the_form(post):
    client = admin(Role.SECURITY_ADMIN)
    body = {
        "user": post.user_id,
        "organization": post.organization_id,
        "role": post.role,
        "starts_on": "2026-01-01",
    }
    assert errors(client, Post, body) == {"role": ["这个人在这里已任这个岗位。"]}
    ended = Post.objects.create(
        user=post.user,
        organization=post.organization,
        role=post.role,
        starts_on="2016-01-01",
        ends_on="2017-01-01",
    )
    assert errors(client, Post, {"ends_on": ""}, ended) == {"__all__": ["这个人在这里已任这个岗位。"]}


def test_a_duty_that_does_not_fit_is_refused_at_its_field(db):
    client, held = admin(Role.SYSTEM_ADMIN), GridDuty.objects.filter(duty="worker", ends_on=None).first()
    body = {"user": people.clerk().pk, "grid": held.grid_id, "duty": "worker", "starts_on": "2026-01-01"}
    told = errors(client, GridDuty, body | {"engagement": "full_time"})
    assert told == {"duty": ["这个网格的社区网格员最多 1 名，已经有人。"]}
    told = errors(client, GridDuty, body | {"duty": "helper", "engagement": "full_time"})
    assert told == {"engagement": ["志愿者、庭院长、楼栋长须为兼职（一格多员）。"]}
    assert errors(client, GridDuty, {"ends_on": "2015-01-01"}, held) == {"ends_on": ["止期须晚于起期。"]}
    assert errors(client, GridDuty, {}).keys() >= {"user", "grid", "duty", "engagement"}


def test_a_unit_that_ends_before_it_began_is_refused_at_its_end(db):
    street = Organization.objects.get(code=people.STREET)
    body = {"name": street.name, "active_from": "2016-01-01", "active_until": "2015-01-01"}
    assert errors(admin(Role.SYSTEM_ADMIN), Organization, body, street) == {
        "active_until": ["终止日期须晚于生效日期。"]
    }


def test_what_is_there_already_is_refused_at_its_field(db):
    client = admin(Role.SYSTEM_ADMIN)
    old = Category.objects.first()
    body = {"edition": old.edition, "kind": old.kind, "code": old.code, "class_name": "大类", "name": "名称"}
    body |= {"everyday": 0}
    assert errors(client, Category, body) == {"code": ["这个版本的这一类里已有这个代码。"]}
    row = Responsibility.objects.current().first()
    body = {
        "category": row.category_id, "condition": row.condition, "loop": row.loop, "lead": row.lead, "power": row.power,
        "registering_condition": "条件", "closing_condition": "条件", **row.limits,
    }  # fmt: skip
    told = errors(client, Responsibility, body)
    assert told == {"condition": ["这个类别的这种情形在这一级闭环已有权责，请打开现行的那一条修改。"]}
    hours = WorkingHours.objects.get()
    body = {"district": hours.district_id, "valid_from": hours.valid_from, "windows": hours.windows}
    assert errors(client, WorkingHours, body) == {
        "valid_from": ["这个区已有同一天生效的工作时段，请改那一条。"]
    }


def test_an_account_that_is_there_already_is_named(db):
    body = {
        "username": "shequ",
        "name": "社区",
        "usable_password": "true",
        "password1": "a-quiet-street-7",
        "password2": "b",
    }
    body |= {"posts-TOTAL_FORMS": 0, "posts-INITIAL_FORMS": 0}
    told = errors(admin(Role.SECURITY_ADMIN), User, body)
    assert all(is_ours(sentence) for sentences in told.values() for sentence in sentences), told
    assert told.keys() == {"username", "password2"}


def test_a_grid_is_named_by_its_name_when_it_is_looked_at(db):
    held = GridDuty.objects.select_related("grid", "user").first()
    page = admin(Role.SYSTEM_ADMIN).get(f"/admin/grid/gridduty/{held.pk}/change/").content.decode()
    assert (
        str(held) in page and "object (" not in page and Grid.objects.get(pk=held.grid_id).name in str(held)
    )


# Answers to programs ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/api/v1/cases/", b"{", "application/json", 400),
        ("POST", "/api/v1/cases/", b"\xff", "application/json", 400),
        ("POST", "/api/v1/cases/", b"[]", "application/json", 400),
        ("POST", "/api/v1/cases/", b"a=b", "text/plain", 415),
        ("PUT", "/api/v1/cases/", b"{}", "application/json", 405),
        ("DELETE", "/api/v1/categories/", b"", "", 405),
        ("POST", "/photos/", b"x", "multipart/form-data; boundary=a", 400),
        ("POST", "/photos/", b"x", "multipart/form-data", 400),
        ("GET", "/api/v1/cases/5d7a5f00-0000-4000-8000-000000000000/", b"", "", 404),
        ("POST", "/map/cases.json", b"", "", 405),
        ("POST", "/desk/", b"", "", 405),
        ("GET", "/api/v1/map/?box=a&zoom=b", b"", "", 400),
        ("GET", "/api/v1/cases/?state=nowhere&street=a", b"", "", 400),
    ],
)
def test_what_programs_are_told_is_in_our_words(method, path, body, kind, status):
    client = Client()
    client.force_login(people.worker())
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Accept": "application/json"}
    answer = client.generic(method, path, body, kind, headers=headers)
    assert answer.status_code == status

    def told(value: Any) -> Iterator[str]:
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from told(one)
        if isinstance(value, str):
            yield value

    assert [
        one for one in told(answer.json()) if not is_ours(one.replace(method, "").replace("text/plain", ""))
    ] == []


@pytest.mark.django_db
def test_a_write_without_the_token_of_our_pages_is_told_so_in_our_words():
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.worker())
    answer = client.post("/api/v1/cases/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()) == (403, {"detail": "页面已过期，没有提交。请刷新后再试。"})


# A case that moved on ---------------------------------------------------------------------------------------------

WORDS = "这段话写了很久，不能丢。"


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["desk", "field", "piece"])
def test_a_move_that_came_too_late_shows_the_case_as_it_is_and_what_had_been_typed(channel):
    case = case_at(State.REGISTERED)
    client = Client(headers={"HX-Request": "true"} if channel == "piece" else {})
    client.force_login(people.clerk() if channel != "field" else people.worker())
    seen = case.legs.get(stopped_at=None).pk
    walk(case, "dispatch")
    body = {"key": uuid.uuid4(), "leg": seen, "reason": WORDS, "then": "/desk/?queue=mine"}
    answer = client.post(f"/cases/{case.uuid}/moves/return/", body)
    page = answer.content.decode()
    assert answer.status_code == 409 and WORDS in page
    assert "“退回”没有办理" in page and "现为“待签收”" in page and "最近一步：" in page and "派遣（" in page
    assert ("<html" in page) == (channel != "piece")
    assert "moves/comment/" in page and Case.objects.get(pk=case.pk).state == State.DISPATCHED


@pytest.mark.django_db
def test_a_move_that_is_still_possible_comes_back_in_its_form_and_can_be_sent():
    case = case_at(State.REPORTED)
    seen = case.legs.get(stopped_at=None).pk
    walk(case, "register", "return")
    client, body = Client(), {"key": str(uuid.uuid4()), "leg": seen, "reason": WORDS}
    client.force_login(people.clerk())
    url = f"/cases/{case.uuid}/moves/decline/"
    answer = client.post(url, body)
    assert answer.status_code == 409 and "案件又办过一步" in answer.content.decode()
    form = answer.context["form"]
    assert (form["reason"].value(), str(form["key"].value())) == (WORDS, body["key"])
    assert client.post(url, body | {"leg": form["leg"].value()}).status_code == 302
    assert Case.objects.get(pk=case.pk).state == State.DECLINED
