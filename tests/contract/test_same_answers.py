"""In process and over HTTP the simulator says the same, to the letter."""

import json
import re

from support.contract import in_process, over_http, ssin


def told(service):
    """File a story of all four kinds; gives everything that is answered, with ids by order and no origin."""
    worker, student, nobody = ssin(11), ssin(12), {"ssin": "00000000000"}
    period = service.accepted(worker=worker)
    bodies = [
        service.in_body(worker=worker),
        service.in_body("STU", student),
        service.in_body("FLX", ssin(3, "700101")),
        service.in_body() | {"worker": nobody},
        service.in_body(worker=ssin(13), startDate=service.day(-2)),
        {"dimonaOut": {"periodId": period, "endDate": service.day(40)}},
        {"dimonaUpdate": {"periodId": period, "endDate": service.day(50)}},
        {"dimonaUpdate": {"periodId": period, "endDate": "9999-12-31"}},
        {"dimonaCancel": {"periodId": period}},
        {"dimonaCancel": {"periodId": period}},
    ]
    answers = [service.answer(service.file(body)) for body in bodies]
    answers.append(service.get(period, "periods").json())
    search = {"employer": {"enterpriseNumber": "0477472701"}}
    answers += [
        service.search(name, search, pageSize=4).json() for name in ("declarations", "periods", "relations")
    ]
    answers += [service.post({}).json(), service.get(7).json(), service.get("x").json()]
    text = json.dumps(answers).replace(service.origin, "")
    ids = sorted(set(re.findall(r"6563\d{8}", text)))
    for place, number in enumerate(ids):
        text = text.replace(number, f"<{place}>")
    return text.split(", ")


def test_both_forms_tell_the_same_story(tmp_path):
    stories = []
    for form in (in_process, over_http):
        folder = tmp_path / form.__name__
        folder.mkdir()
        with form(folder) as service:
            stories.append(told(service))

    assert stories[0] == stories[1]
