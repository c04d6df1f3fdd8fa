"""Ten photos of 39 megapixels at once: pages come meanwhile, and in the end every photo is there."""

import io
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image

from cases.models import Photo
from records import rebuilding
from tests import people
from tests.processes import ask, web
from tests.scale import tries

PHOTOS = tries(5, full=10)
BOUNDARY = "----photo"


def large_photo() -> bytes:
    """39 megapixels that have to be decoded in full."""
    out = io.BytesIO()
    Image.new("RGB", (7212, 5408), "#7a8b99").save(out, "PNG", compress_level=1)
    return out.getvalue()


def as_form(data: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.mark.trust
@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_pages_come_while_large_photos_are_at_work(tmp_path: Path, promise):
    client = Client()
    client.force_login(people.worker())
    client.get("/field/report/")  # for its token
    token = client.cookies["csrftoken"].value
    cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
    headers = {
        "Cookie": cookies, "X-CSRFToken": token, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }  # fmt: skip
    body, refusals = as_form(large_photo()), []

    def send(site: str, key: uuid.UUID) -> bool:
        """One phone, which comes back as it is told until its photo is taken."""
        while True:
            answer = ask(f"{site}/photos/", body, **headers, **{"Idempotency-Key": str(key)})
            if answer.status != 503:
                return answer.status == 201
            refusals.append(answer)
            time.sleep(int(answer.headers["Retry-After"]) / 5)

    keys = [uuid.uuid4() for _ in range(PHOTOS)]
    log = tmp_path / "web.log"
    with web("--workers", "1", log=log) as site, ThreadPoolExecutor(PHOTOS) as phones:
        assert ask(f"{site}/inbox/", Cookie=cookies).status == 200
        sent = [phones.submit(send, site, key) for key in keys]
        pages, meanwhile = [], 0
        while not all(one.done() for one in sent):
            pages.append(ask(f"{site}/inbox/", Cookie=cookies))
            meanwhile += not all(one.done() for one in sent)
            time.sleep(0.1)  # somebody reads
        held = sum(one.result() for one in sent)
    assert {page.status for page in pages} == {200}
    assert meanwhile >= 2, "a page that waits for the photos comes after them"
    assert all("Retry-After" in answer.headers for answer in refusals)
    assert Photo.objects.filter(uuid__in=keys).count() == PHOTOS
    promise(
        "photos of 39 megapixels at once, pages answered meanwhile",
        tried=PHOTOS,
        held=held,
        lost=PHOTOS - held,
    )
    print(
        f"{len(pages)} pages meanwhile, the slowest {max(page.seconds for page in pages):.2f} s; {len(refusals)} asked to wait"
    )


def test_who_works_on_a_picture_lets_pages_go_first():
    code = (
        "import os, runpy\n"
        f"work = runpy.run_path({rebuilding.__file__!r})\n"
        "before = os.nice(0)\n"
        "work['limit_process']()\n"
        "print(os.nice(0) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "5", done.stderr
