"""Odd input, one instance of each kind that broke something: refused in words, never an error."""

import json
import uuid
from wsgiref.util import setup_testing_defaults

import pytest
from django.contrib.admin import site
from django.test import Client, RequestFactory

from cases.models import Case
from config.proxy import ClientAddress
from governance.models import User
from governance.roles import Role
from tests import people
from tests.lives import case_at, reported

pytestmark = pytest.mark.django_db
HUGE = "9223372036854775808"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def admin(username: str = "xitong") -> Client:
    return signed_in(User.objects.get(username=username))


# Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["version=%0A", "version=%22%0d%0aX:1", "lang=%0A", "lang=xx", "version=2"])
def test_the_description_of_the_interface_is_one_and_reads_no_version_or_language(query):
    plain, odd = Client().get("/api/schema/"), Client().get(f"/api/schema/?{query}")
    assert (odd.status_code, odd.content) == (200, plain.content)
    assert odd["Content-Disposition"] == plain["Content-Disposition"]


LISTS = pytest.mark.parametrize("path", ["/api/v1/categories/", "/api/v1/cases/"])


@pytest.mark.parametrize("limit", [HUGE, "100000", "101", "1"])
@LISTS
def test_a_list_for_programs_never_gives_more_than_a_hundred_rows(path, limit):
    answer = signed_in(people.clerk()).get(path, {"limit": limit})
    assert answer.status_code == 200 and len(answer.json()["results"]) <= 100


@LISTS
def test_beyond_the_end_of_a_list_for_programs_there_is_nothing(path):
    answer = signed_in(people.clerk()).get(path, {"offset": HUGE})
    assert answer.status_code == 200 and answer.json()["results"] == []


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "abc", "1e9", "", "+1", "１", "²"])
@pytest.mark.parametrize("name", ["limit", "offset"])
@LISTS
def test_a_page_of_a_list_that_is_no_number_is_refused_at_its_name(path, name, number):
    answer = signed_in(people.clerk()).get(path, {name: number})
    assert answer.status_code == 400 and "整数" in answer.json()["errors"][name][0]


@pytest.mark.parametrize("path", ["/api/v1/cases/1/", "/api/v1/cases/1/moves/close/", "/api/v2/"])
def test_an_address_for_programs_that_leads_nowhere_answers_in_json(path):
    for client in (Client(), signed_in(people.clerk())):
        for method in (client.get, client.post):
            answer = method(path, headers={"Accept": "text/html"})
            assert (answer.status_code, [*answer.json()]) == (404, ["detail"])


@pytest.mark.parametrize(
    "address",
    ["/desk/?queue=%00", "/categories/?q=%00", "/field/?tab=a%00b", "/cases/%00/", "/static/%00.js"],
)
def test_a_nul_in_an_address_is_refused_before_anything_is_looked_up(address):
    answer = signed_in(people.clerk()).get(address, headers={"Accept": "text/html"})
    assert answer.status_code in (400, 404)
    if address.startswith(("/desk", "/categories", "/field")):
        is_json = address.startswith("/categories")
        assert "不能使用的字符" in (answer.json()["detail"] if is_json else answer.content.decode())


@pytest.mark.parametrize("street", ["9" * 5000, HUGE, "٣", "-1", "abc"])
def test_a_street_that_is_none_narrows_nothing(street):
    chief = people.someone(Role.DUTY_CHIEF, people.DISTRICT)
    assert signed_in(chief).get("/desk/gaps/", {"street": street}).status_code == 200


@pytest.mark.parametrize("category", ["9" * 5000, HUGE, "٣", "abc"])
def test_a_category_that_is_none_lists_those_of_the_case(category):
    case = reported()
    url = f"/cases/{case.uuid}/moves/register/"
    assert signed_in(people.clerk()).get(url, {"category": category}).status_code == 200


@pytest.mark.parametrize("half", [{"position_longitude": "102.73"}, {"position_latitude": "25.04"}])
def test_half_a_position_of_a_call_is_refused_at_its_field(half):
    body = {"key": uuid.uuid4(), "words": "路面有坑。", "contact_phone": "13812345678", **half}
    answer = signed_in(User.objects.get(username="shouli")).post("/desk/phone/", body)
    assert answer.status_code == 422 and "position" in answer.context["form"].errors
    assert not Case.objects.exists()


# Headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["http://[", "http://%5B", "http://testserver/desk/?" + "q=a" * 5000, "\x7f", "//[::1"]
)
def test_a_header_that_is_no_address_leads_nowhere(address):
    case, client = reported(), signed_in(people.clerk())
    headers = {"HX-Request": "true", "HX-Current-URL": address, "HX-Current-URL-URI-AutoEncoded": "true"}
    answer = client.get(f"/cases/{case.uuid}/", headers=headers)
    assert answer.status_code == 200 and answer.context["then"] == ""
    assert (
        Client().get(f"/cases/{case.uuid}/", headers=headers).status_code == 401
    )  # signed out, it is read as well


def test_a_move_whose_way_back_is_too_long_is_made_and_leads_to_the_case():
    case = reported()
    body = {"key": uuid.uuid4(), "words": "已知悉。", "then": "/desk/?q=" + "长" * 2000}
    answer = signed_in(people.clerk()).post(f"/cases/{case.uuid}/moves/comment/", body)
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.uuid}/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": 'sessionid="\\000aaaaaaaaaaaaaaaaaaaaaaaa"'},
        {"Accept": "text/html\0"},
        {"If-None-Match": "\0"},
    ],
)
def test_a_nul_in_a_header_is_refused(headers):
    assert Client().get("/desk/", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    [
        *(f"text/plain; charset={name}" for name in ("utf-7", "hex", "unicode_escape", "gbk", "no-such", "utf_8_sig")),
        "text/plain; x*=no-such'en'a", "multipart/form-data; boundary*=\xff''",
    ],
)  # fmt: skip
def test_a_content_type_that_is_not_utf8_or_cannot_be_parsed_is_refused_with_a_sentence(content_type):
    for path, accept in (
        ("/login/", "text/html"),
        ("/api/v1/cases/", "application/json"),
        ("/healthz", "*/*"),
    ):
        environ = {
            "CONTENT_TYPE": content_type,
            "PATH_INFO": path,
            "QUERY_STRING": "q=%2B2AA-",
            "HTTP_ACCEPT": accept,
        }
        status, body = by_wsgi(environ)
        assert status == 415 and "UTF-8" in body, path


def by_wsgi(environ: dict[str, str]) -> tuple[int, str]:
    """Status and text of a request that comes as from a server, before Django has made one of it."""
    from config.wsgi import application

    said = []
    setup_testing_defaults(environ)
    body = b"".join(application(environ, lambda status, headers: said.append(int(status[:3]))))
    return said[0], body.decode()


@pytest.mark.parametrize("length", ["abc", "", "-1", "9" * 5000])
def test_a_length_that_is_none_is_no_error(length):
    answer = signed_in(people.worker()).post(
        "/api/v1/cases/", "{}", content_type="application/json", headers={"Content-Length": length}
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("10.0.0.9, 203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("abc", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_only_an_address_counts_as_the_address_of_who_asks(said, taken):
    request = RequestFactory().get("/", headers={"X-Forwarded-For": said})
    ClientAddress(lambda request: request)(request)
    assert request.META["REMOTE_ADDR"] == taken


# JSON ------------------------------------------------------------------------------------------------------------

HALF = "\ud800"
UNSTORABLE = {
    "grade": HALF, "words": f"长{HALF}", "reason": "a\0b", "photos": [HALF], "unit": {"a": HALF}, "leg": [[{HALF: 1}]],
    "no_such_field": "\udfff",
}  # fmt: skip


@pytest.mark.parametrize("name", UNSTORABLE)
def test_json_that_cannot_be_stored_is_refused_at_its_field(name):
    case = case_at("closed")
    answer = signed_in(people.worker()).post(
        f"/api/v1/cases/{case.uuid}/moves/evaluate/",
        json.dumps({name: UNSTORABLE[name]}),
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code == 400 and "不能保存的字符" in answer.json()["errors"][name][0]
    assert Case.objects.get(pk=case.pk).state == "closed"


@pytest.mark.parametrize("body", ['"\\ud800"', '["\\u0000"]', '{"\\ud800": 1}', '{"a": {"\\ud800": 1}}'])
def test_json_that_cannot_be_stored_is_refused_where_there_is_no_field(body):
    answer = signed_in(people.worker()).post(
        "/api/v1/cases/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code == 400 and "不能保存的字符" in answer.content.decode()


# Admin -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["张三", HUGE, "-1", "1.5", "nan"])
def test_words_where_the_admin_searches_a_row_are_refused_at_the_field(value):
    client = admin("anquan")
    assert (
        client.get("/admin/governance/post/add/", {"user": value, "organization": value}).status_code == 200
    )
    body = {"user": value, "organization": value, "role": "clerk", "starts_on": "2026-01-01"}
    answer = client.post("/admin/governance/post/add/", body)
    assert answer.status_code == 200 and {"user", "organization"} <= set(
        answer.context["adminform"].form.errors
    )
    inline = {
        "posts-TOTAL_FORMS": 1,
        "posts-INITIAL_FORMS": 0,
        "posts-0-organization": value,
        "posts-0-role": "clerk",
    }
    account = User.objects.get(username="wangge").pk
    answer = client.post(
        f"/admin/governance/user/{account}/change/", {"username": "wangge", "name": "王", **inline}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("ticked", ["abc", HUGE, "1.5", ""])
def test_what_was_ticked_and_is_no_row_is_acted_on_by_nothing(ticked):
    body = {"action": "unlock", "_selected_action": [ticked]}
    answer = admin("anquan").post("/admin/governance/user/", body, follow=True)
    assert answer.status_code == 200 and "请重新选择" in answer.content.decode()


@pytest.mark.parametrize("query", ["name__regex=((", "id__in=99999999999999999999", "password__startswith=a"])
def test_a_lookup_that_no_filter_of_the_list_sends_is_refused(query):
    assert admin("anquan").get(f"/admin/governance/user/?{query}").status_code == 400


def test_every_filter_of_every_list_still_works():
    root = signed_in(User.objects.create_superuser("test_root", name="超级用户"))
    tried = 0
    for model in site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        page = root.get(address).context["cl"]
        for spec in page.filter_specs:
            for choice in list(spec.choices(page))[1:3]:
                assert root.get(address + choice["query_string"]).status_code == 200, choice
                tried += 1
    assert tried > 30


@pytest.mark.parametrize("number", [HUGE, "9" * 5000, "-1", "a", "２０２６"])
@pytest.mark.parametrize("lookup", ["year", "month", "day"])
def test_a_date_of_the_configuration_that_is_none_is_refused(lookup, number):
    auditor = signed_in(User.objects.get(username="shenji"))
    assert auditor.get("/admin/governance/signin/", {f"at__{lookup}": number}).status_code == 400
