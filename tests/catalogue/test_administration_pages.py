"""Administration pages: kinds, conditions, who answers; in Chinese and English."""

import pytest

from civicloop.catalogue import selectors
from tests.catalogue.conftest import GB

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.catalogue.urls"),
    pytest.mark.filterwarnings("ignore:No directory at"),  # static files are collected when serving
]


def text(response) -> str:
    return response.content.decode()


def test_the_list_shows_kinds_with_limits_and_sources(sign_in):
    page = text(sign_in("dispatcher").get("/catalogue/?class_code=01&family=matter"))
    assert "供水井盖异常" in page
    assert "2 紧急工作时" in page
    assert "样本城市设置" in page
    assert "默认值，非标准规定" in page
    assert "二次转录" in page


def test_the_list_goes_on(sign_in):
    client = sign_in("dispatcher")
    page = text(client.get("/catalogue/?family=matter"))
    following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "01001" not in text(client.get(following)).split("<tbody>")[1].split("</tbody>")[0]


def test_the_same_in_english(sign_in):
    client = sign_in("dispatcher", "en")
    kind = selectors.kind_by_code(GB, "matter", "01037")
    page = text(client.get(f"/catalogue/kinds/{kind.id}"))
    assert "Street light: problem" in page
    assert "Translation of ours" in page
    assert "Default, not from the standard" in page


def test_a_kind_says_what_is_not_known(sign_in):
    kind = selectors.kind_by_code(GB, "matter", "06001")
    page = text(sign_in("dispatcher").get(f"/catalogue/kinds/{kind.id}"))
    assert "条件文字不详" in page
    assert "01-01" in page
    assert "保存并生效" not in page  # only the system administrator changes conditions


def test_the_system_administrator_sets_a_condition(sign_in):
    client = sign_in("system_admin")
    kind = selectors.kind_by_code(GB, "matter", "01037")
    given = {"no": "1", "condition": "路灯不亮", "limit": "4 工作时"}
    answer = client.post(f"/catalogue/kinds/{kind.id}/conditions", given, follow=True)
    assert "路灯不亮" in text(answer)
    (condition,) = selectors.conditions(kind.id)
    assert (condition.names["zh-hans"], condition.source) == ("路灯不亮", "city")


def test_a_limit_with_two_readings_is_refused_and_what_was_written_stays(sign_in):
    client = sign_in("system_admin")
    kind = selectors.kind_by_code(GB, "matter", "01037")
    answer = client.post(f"/catalogue/kinds/{kind.id}/conditions", {"no": "1", "condition": "不亮", "limit": "4小时"})
    assert answer.status_code == 422
    assert "紧急工作时" in text(answer)
    assert 'value="4小时"' in text(answer)


def test_the_last_condition_cannot_be_ended(sign_in):
    client = sign_in("system_admin")
    kind = selectors.kind_by_code(GB, "matter", "01037")
    answer = client.post(f"/catalogue/kinds/{kind.id}/conditions/1/end", follow=True)
    assert "至少保留一条立案条件" in text(answer)
    assert len(selectors.conditions(kind.id)) == 1


def test_a_dispatcher_may_not_change_conditions(sign_in):
    client = sign_in("dispatcher")
    kind = selectors.kind_by_code(GB, "matter", "01037")
    assert client.post(f"/catalogue/kinds/{kind.id}/conditions", {}).status_code == 403


def test_the_look_up_names_the_unit_and_the_reason(sign_in, loaded):
    client = sign_in("dispatcher")
    kind = selectors.kind_by_code(GB, "matter", "06028")
    page = text(client.get(f"/catalogue/responsibilities?kind={kind.id}&area=120101001"))
    assert "单位120101-eco" in page
    assert "按小类规则（区级）" in page
    assert "演示划分" in page
    assert "兜底值班席" in text(client.get(f"/catalogue/responsibilities?kind={kind.id}&area="))
    assert "没有此编码的区域" in text(client.get("/catalogue/responsibilities?kind=&area=nowhere"))


def test_files_are_offered_for_spreadsheets(sign_in):
    client = sign_in("dispatcher")
    answer = client.get("/catalogue/export/conditions.csv")
    assert text(answer).startswith("\ufeffstandard,")
    assert client.get("/catalogue/export/secrets.csv").status_code == 404


@pytest.mark.parametrize("path", ["/catalogue/", "/catalogue/responsibilities", "/catalogue/export/kinds.csv"])
def test_without_a_sign_in_the_pages_are_closed(loaded, client, path):
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", ["/catalogue/kinds/987654321", "/catalogue/?after=987654321"])
def test_what_does_not_exist_is_not_found(sign_in, path):
    assert sign_in("dispatcher").get(path).status_code == 404
