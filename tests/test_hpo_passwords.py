"""Passwords in URLs are hidden, wherever in the URL, and in what others say of it."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from pykeen_conj_hale.hpo.passwords import hide_passwords, redact

WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
SECRETS = st.text(min_size=1, max_size=20)


@given(user=WORDS, secret=SECRETS, host=WORDS, name=WORDS)
def test_as_sqlalchemy_does(user, secret, host, name):
    url = f"postgresql+psycopg://{user}:{quote(secret, safe='')}@{host}:5432/{name}"
    assert hide_passwords(url) == make_url(url).render_as_string(hide_password=True)


@given(user=WORDS, secret=SECRETS, host=WORDS)
def test_also_where_it_is_not_encoded(user, secret, host):
    """What is no URL then, as with an @ or a / in the password."""
    assert hide_passwords(f"postgresql://{user}:{secret}@{host}/x") == f"postgresql://{user}:***@{host}/x"


@given(secret=st.text(alphabet=st.characters(exclude_characters="&;"), min_size=1, max_size=20))
def test_in_the_query(secret):
    url = f"postgresql://host/x?user=u&password={secret}&sslmode=require"
    if "@" not in secret:
        assert hide_passwords(url) == "postgresql://host/x?user=u&password=***&sslmode=require"


@given(secret=st.text(min_size=4, max_size=20), before=WORDS)
def test_in_what_a_driver_says(secret, before):
    for shown in (secret, quote(secret, safe="")):
        url = f"postgresql://u:{shown}@host/x"
        message = redact(f"{before}: no connection as u with {shown!s} ({secret})", url)
        assert secret not in message.replace("***", "\0")
        assert message.endswith(")") or ")" in secret


@pytest.mark.parametrize(
    "url",
    ["sqlite:///study.db", "sqlite:////data/me@home/study.db", "postgresql://user@host:5432/x", "study.journal", ""],
)
def test_without_a_password_it_stays(url):
    assert hide_passwords(url) == url
    assert redact("cannot be opened", url) == "cannot be opened"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://u:p@h/x?ssl_key=k", "mysql://u:***@h/x?ssl_key=***"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dp", "mssql+pyodbc:///?odbc_connect=***"),
        ("postgresql:/u:p@h", "postgresql:/u:***@h"),
    ],
)
def test_other_places(url, shown):
    assert hide_passwords(url) == shown
