"""`people export` and `people import`: accounts, posts and who holds them, out and in again, changed, refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.people import access, actions, people_files, selectors
from civicloop.people.actions import PeopleError
from civicloop.people.commands import people
from civicloop.people.models import Account, Holding, Post
from civicloop.records.models import AuditEntry
from tests import world
from tests.people import files

pytestmark = pytest.mark.django_db

NEW = {
    "user": "wang", "name": "王立新", "name_en": "Wang Lixin", "active": "yes", "post": "s1-parks-worker",
    "role": "unit_worker", "also": "", "unit": "s1-office", "area": "990101001", "classes": "03 06",
    "confidentiality": "1", "post_from": "", "post_to": "", "since": "", "until": "",
}  # fmt: skip
NOBODY = {"user": "", "name": "", "name_en": "", "active": ""}
BARE = dict.fromkeys(NEW, "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def take(path: Path, *rows: dict[str, str], words: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """(what, code, did) of an import that succeeds."""
    found = files.imported(people, files.file(path, rows), *words)["changes"]
    return [(each["what"], each["code"], each["did"]) for each in found]


def row_of(user: str) -> dict[str, str]:
    """The line of a user in an export."""
    return next(row for row in files.rows(files.exported(people)) if row["user"] == user)


def posts_of(user: str) -> list[str]:
    """What a person may act in now."""
    actors = selectors.actors_of_account(Account.objects.get(username=user).pk)
    return [Post.objects.get(id=actor.post_id).code for actor in actors]


def mixed(path: Path) -> None:
    """All sorts of lines: a vacant post, a person without one, two holders, dates ahead, an inactive account."""
    take(
        path,
        NEW,
        NEW | {"user": "zhao", "name": "赵春", "name_en": "", "since": "2026-05-01", "until": "2026-06-01"},
        NEW | NOBODY | {"post": "vacant", "role": "checker", "also": "supervisor", "post_from": "2026-04-01"},
        BARE | {"user": "idle", "name": "+闲", "active": "no"},
        BARE | {"user": "wang", "post": "checker-post"},
    )


def test_an_exported_file_taken_in_again_changes_nothing(path: Path) -> None:
    mixed(path)
    text = files.exported(people)
    path.write_text(text, encoding="utf-8")
    before = list(Holding.objects.order_by("id").values()), list(Post.objects.order_by("id").values())
    outcome = files.imported(people, path)
    assert outcome["changes"] == []
    assert outcome["unchanged"] > len(world.POSTS) * 3
    assert files.exported(people) == text
    assert (list(Holding.objects.order_by("id").values()), list(Post.objects.order_by("id").values())) == before


def test_an_exported_file_fills_an_empty_city_with_the_same_people(path: Path) -> None:
    mixed(path)
    from civicloop.people.commands import units

    text, of_units = files.exported(people), files.exported(units)
    files.emptied()
    path.write_text(of_units, encoding="utf-8")
    files.imported(units, path)
    path.write_text(text, encoding="utf-8")
    files.imported(people, path)
    assert files.exported(people) == text


def test_an_export_after_a_change_ahead_is_taken_in_without_a_change_too(path: Path) -> None:
    take(path, row_of("checker") | {"also": "supervisor"}, words=("--effective", "2026-04-01"))
    text = files.exported(people)
    lines = [row for row in files.rows(text) if row["post"] == "checker-post"]
    assert [(row["user"], row["since"][:10], row["until"][:10]) for row in lines] == [
        ("checker", "2020-01-01", "2026-04-01"), ("checker", "2026-04-01", ""),
    ]  # fmt: skip
    path.write_text(text, encoding="utf-8")
    assert files.imported(people, path)["changes"] == []


def test_passwords_go_neither_out_nor_in(path: Path) -> None:
    text = files.exported(people)
    assert "argon2" not in text
    assert "password" not in text
    (fault,) = files.refused(people, files.file(path, [NEW | {"password": "a first password"}]))
    assert "Column 'password' is not known" in fault


def test_who_has_no_password_cannot_sign_in_until_one_is_set(path: Path) -> None:
    take(path, NEW)
    browser, words = Client(), {"username": "wang", "password": "a good password"}
    assert browser.post("/sign-in", words).status_code == 422
    assert browser.post("/sign-in", {"username": "wang", "password": ""}).status_code == 422
    answer = files.run(people, "set-password", "--user", "wang", input="a good password\na good password\n")
    assert answer.exit_code == 0, answer.output
    assert "a good password" not in answer.output
    assert browser.post("/sign-in", words).status_code == 302
    assert AuditEntry.objects.get(action="account.password").object == "wang"


def test_a_password_of_nobody_or_too_short_is_refused() -> None:
    nobody = files.run(people, "set-password", "--user", "nobody", env={"CIVICLOOP_PASSWORD": "a good password"})
    assert (nobody.exit_code, "there is no account nobody" in nobody.output) == (1, True)
    short = files.run(people, "set-password", "--user", "grid", env={"CIVICLOOP_PASSWORD": "short"})
    assert (short.exit_code, "at least 10 characters" in short.output) == (1, True)


def test_a_new_line_makes_the_account_the_post_and_the_holding(path: Path) -> None:
    assert take(path, NEW) == [
        ("account", "wang", "created"), ("post", "s1-parks-worker", "created"),
        ("holding", "wang s1-parks-worker", "created"),
    ]  # fmt: skip
    (actor,) = selectors.actors_of_account(Account.objects.get(username="wang").pk)
    assert (actor.roles, actor.unit_id, actor.level, actor.classes, actor.confidentiality) == (
        {"unit_worker"}, world.unit("s1-office"), "subdistrict", {"03", "06"}, 1,
    )  # fmt: skip


def test_a_changed_post_ends_and_a_new_one_begins_with_the_same_holders(path: Path) -> None:
    former = Post.objects.get(code="checker-post")
    row = row_of("checker")
    assert take(path, row | {"also": "supervisor", "area": "990101"}) == [("post", "checker-post", "changed")]
    former.refresh_from_db()
    assert (former.valid_to, former.also) == (world.START, [])
    after = Post.objects.get(code="checker-post", valid_to=None)
    assert (after.valid_from, after.also, after.id != former.id) == (world.START, ["supervisor"], True)
    assert list(Holding.objects.filter(account__username="checker").order_by("since").values_list("post", "until")) == [
        (former.id, world.START), (after.id, None),
    ]  # fmt: skip
    actor = selectors.actors_of_account(Account.objects.get(username="checker").pk)[0]
    assert (actor.post_id, actor.roles, actor.level) == (after.id, {"checker", "supervisor"}, "district")
    assert take(path, row | {"also": "supervisor", "area": "990101"}) == []


def test_a_token_does_not_carry_over_to_the_changed_post(path: Path) -> None:
    token = world.token("checker")
    assert selectors.actor_of_token(token) is not None
    take(path, row_of("checker") | {"also": "supervisor"})
    assert selectors.actor_of_token(token) is None


def test_a_change_may_be_dated_ahead_and_nobody_notices_before(path: Path) -> None:
    take(path, row_of("checker") | {"role": "supervisor"}, words=("--effective", "2026-04-01"))
    account = Account.objects.get(username="checker").pk
    assert [actor.roles for actor in selectors.actors_of_account(account)] == [{"checker"}]
    with clock.at(world.START + timedelta(days=40)):
        assert [actor.roles for actor in selectors.actors_of_account(account)] == [{"supervisor"}]


def test_a_date_before_now_counts_as_now(path: Path) -> None:
    take(path, row_of("checker") | {"role": "supervisor"}, words=("--effective", "2026-01-01"))
    assert Post.objects.get(code="checker-post", valid_to=None).valid_from == world.START


def test_a_holding_ends_by_its_date_and_may_be_given_again(path: Path) -> None:
    row = row_of("checker")
    assert take(path, row | {"until": "2026-03-03"}) == [("holding", "checker checker-post", "ended")]
    with clock.at(world.START + timedelta(days=2)):
        assert posts_of("checker") == []
        assert "held the post until" in files.refused(people, files.file(path, [row]))[0]
        assert take(path, row | {"since": ""}) == [("holding", "checker checker-post", "created")]
        assert posts_of("checker") == ["checker-post"]
    assert Holding.objects.filter(account__username="checker").count() == 2


def test_a_post_ends_by_its_date_and_may_begin_anew(path: Path) -> None:
    row = row_of("checker")
    assert take(path, row | {"post_to": "2026-03-03"}) == [("post", "checker-post", "ended")]
    assert take(path, row | {"post_to": "2026-03-03"}) == []
    with clock.at(world.START + timedelta(days=2)):
        assert posts_of("checker") == []
        assert "the post ended on" in files.refused(people, files.file(path, [row]))[0]
        assert take(path, row | {"post_from": "", "since": ""}) == [
            ("post", "checker-post", "created"), ("holding", "checker checker-post", "created"),
        ]  # fmt: skip
        assert posts_of("checker") == ["checker-post"]


def test_an_end_that_is_still_to_come_may_be_taken_back(path: Path) -> None:
    row = row_of("checker")
    take(path, row | {"post_to": "2026-03-03"})
    assert take(path, row) == [("post", "checker-post", "changed"), ("holding", "checker checker-post", "changed")]
    with clock.at(world.START + timedelta(days=2)):
        assert posts_of("checker") == ["checker-post"]


def test_an_account_that_is_closed_may_do_nothing(path: Path) -> None:
    token = world.token("checker")
    assert take(path, row_of("checker") | {"active": "no", "name": "改名"}) == [("account", "checker", "changed")]
    assert posts_of("checker") == []
    assert selectors.actor_of_token(token) is None
    assert Account.objects.get(username="checker").names == {"zh-hans": "改名"}


def test_what_a_file_does_not_name_stays_as_it_is(path: Path) -> None:
    before = files.rows(files.exported(people))
    take(path, NEW)
    assert [row for row in files.rows(files.exported(people)) if row["user"] != "wang"] == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(path: Path) -> None:
    before = files.exported(people)
    rows = [NEW, row_of("checker") | {"role": "supervisor"}]
    outcome = files.imported(people, files.file(path, rows), "--dry-run")
    assert (outcome["dry_run"], len(outcome["changes"])) == (True, 4)
    assert files.exported(people) == before
    assert not AuditEntry.objects.filter(action="people.import").exists()


def test_each_import_and_export_leaves_an_audit_entry_without_names(path: Path) -> None:
    take(path, NEW)
    with clock.at(world.START + timedelta(days=1)):
        take(path, NEW | {"name": "王新", "role": "unit_head"})
    first, second = AuditEntry.objects.filter(action="people.import").order_by("id")
    assert first.detail["counts"] == {"account created": 1, "post created": 1, "holding created": 1}
    assert second.detail["changes"] == [
        ["account", "wang", "changed", {"name": ["…", "…"]}],
        ["post", "s1-parks-worker", "changed", {"role": ["unit_worker", "unit_head"]}],
    ]
    assert "王" not in str(second.detail)
    files.exported(people)
    assert AuditEntry.objects.filter(action="people.export").count() == 1


@pytest.mark.parametrize(
    ("wrong", "column", "words"),
    [
        ({"user": "", "post": ""}, "user", "a line names a person, a post, or both"),
        ({"user": "w ang"}, "user", "without blanks"),
        ({"name": ""}, "name", "a Chinese name is required"),
        ({"active": "maybe"}, "active", "it must be one of yes, no"),
        ({"role": "king"}, "role", "king is no role"),
        ({"also": "checker king"}, "also", "king is no role"),
        ({"role": "system_admin", "also": "audit_admin"}, "also", "are separate hands"),
        ({"unit": "nobody"}, "unit", "there is no unit with the code nobody"),
        ({"area": "000000"}, "area", "there is no area with the code 000000"),
        ({"confidentiality": "11"}, "confidentiality", "a number from 0 to 9"),
        ({"confidentiality": "一"}, "confidentiality", "a number from 0 to 9"),
        ({"post_from": "2019-01-01"}, "unit", "is in force from 2020-01-01T08:00:00+08:00 to — only"),
        ({"post_from": "2026-05-01", "post_to": "2026-05-01"}, "post_to", "later than the beginning"),
        ({"since": "soon"}, "since", "this is no date"),
        ({"since": "2026-01-01"}, "since", "the post begins only on"),
        ({"since": "2026-05-01", "until": "2026-04-01"}, "until", "later than the beginning"),
        ({"until": "2026-01-01"}, "until", "later than the beginning"),
        (BARE | {"user": "nobody", "post": "checker-post"}, "user", "there is no such account"),
        (BARE | {"user": "grid", "post": "nothing"}, "post", "there is no such post"),
        (BARE | {"user": "grid", "post": "grid-post", "until": "2026-01-01"}, "until", "it lies in the past"),
        (BARE | {"user": "system", "post": "audit-post"}, "user", "are separate hands"),
        ({"user": "li", "name": "李", "name_en": ""}, "role", "it differs from line 2, which says checker"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_the_file_is_taken(
    path: Path, wrong: dict[str, str], column: str, words: str
) -> None:
    before = files.exported(people)
    good = NEW | {"user": "li", "name": "李", "name_en": "", "post": "good", "role": "checker"}
    bad = NEW | ({"post": "good"} if column == "role" and "differs" in words else {}) | wrong
    (fault,) = files.refused(people, files.file(path, [good, bad]))
    assert fault.startswith(f"line 3, column {column}: ")
    assert words in fault
    assert files.exported(people) == before
    assert not AuditEntry.objects.filter(action="people.import").exists()


def test_the_same_holding_said_twice_is_refused(path: Path) -> None:
    assert files.refused(people, files.file(path, [NEW, NEW])) == ["line 3, column post: line 2 says this already"]


def test_a_post_that_is_to_change_already_changes_after_that_only(path: Path) -> None:
    take(path, row_of("checker") | {"role": "supervisor"}, words=("--effective", "2026-04-01"))
    row = next(row for row in files.rows(files.exported(people)) if row["user"] == "checker")
    (fault,) = files.refused(people, files.file(path, [row | {"role": "leader", "post_from": "", "post_to": ""}]))
    assert fault == ("line 2, column role: the post begins only on 2026-04-01T00:00:00+08:00; it can change after that")


def test_only_who_may_change_posts_takes_people_from_a_file(path: Path) -> None:
    raw = files.file(path, [NEW | {"confidentiality": "0"}]).read_bytes()
    for user in ("system", "leader", "audit"):
        with pytest.raises(PeopleError) as refused:
            people_files.take(world.actor(user), raw=raw, name="people.csv")
        assert refused.value.code == "forbidden"
    with pytest.raises(PeopleError):
        people_files.export(world.actor("leader"))
    with pytest.raises(PeopleError):
        actions.set_password(
            world.actor("system"), account_id=Account.objects.get(username="grid").pk, password="a good password"
        )
    assert len(people_files.take(world.actor("security"), raw=raw, name="people.csv").changes) == 3
    assert people_files.export(access.system("tests")).count("\n") == len(world.POSTS) + 2
