"""Sign-in, tokens, users and connectivity probes."""

import re
from urllib.parse import parse_qs, urlparse

import requests

SCOPES = ["account_info.read", "files.metadata.read", "files.content.read", "files.content.write"]


def allow(context, url, decision="allow"):
    """Signs in and decides as a browser would; returns the last response, redirects not followed."""
    service = context.service
    browser = requests.Session()
    browser.verify = service.certificate
    # Otherwise a person who consented before is sent on at once.
    url += "&force_reapprove=true"
    page = browser.get(url)
    assert page.status_code == 200 and 'name="password"' in page.text, page.text
    form = {"step": "sign_in", "email": service.email, "password": service.password}
    page = browser.post(url, data=form)
    token = re.search(r'name="t" value="([^"]+)"', page.text).group(1)
    form = {"step": "decide", "t": token, "decision": decision}
    return browser.post(url, data=form, allow_redirects=False)


def paste_code(context, flow):
    page = allow(context, flow.start())
    assert page.status_code == 200, page.text
    return re.search(r'data-token="([^"]+)"', page.text).group(1)


def no_redirect_flow(context, **more):
    service = context.service
    flow = context.sdk.DropboxOAuth2FlowNoRedirect
    return flow(service.app_key, ca_certs=service.certificate, **more)


def check_paste_flow_with_pkce(context):
    flow = no_redirect_flow(context, use_pkce=True, token_access_type="offline", scope=SCOPES)
    result = flow.finish(paste_code(context, flow))
    assert result.refresh_token and result.access_token.startswith("sl.")
    assert set(result.scope.split()) == set(SCOPES)
    client = context.service.client(result.refresh_token)
    assert client.users_get_current_account().account_id == result.account_id


def check_paste_flow_with_secret_and_online_access(context):
    secret = context.service.app_secret
    flow = no_redirect_flow(context, consumer_secret=secret, token_access_type="online")
    result = flow.finish(paste_code(context, flow))
    assert not result.refresh_token
    assert context.service.client(access_token=result.access_token).check_user("x").result == "x"


def redirect_flow(context, session):
    service = context.service
    flow = context.sdk.DropboxOAuth2Flow
    return flow(
        service.app_key,
        redirect_uri=service.redirect,
        session=session,
        csrf_token_session_key="csrf",
        use_pkce=True,
        token_access_type="offline",
        ca_certs=service.certificate,
    )


def back(page):
    assert page.status_code == 302, page.text
    query = parse_qs(urlparse(page.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def check_redirect_flow(context):
    flow = redirect_flow(context, {})
    result = flow.finish(back(allow(context, flow.start("my state"))))
    assert result.url_state == "my state" and result.refresh_token


def check_redirect_flow_denied(context):
    flow = redirect_flow(context, {})
    query = back(allow(context, flow.start(), "deny"))
    try:
        flow.finish(query)
    except context.sdk.oauth.NotApprovedException:
        return
    raise AssertionError(query)


def check_a_code_works_once(context):
    flow = no_redirect_flow(context, use_pkce=True)
    code = paste_code(context, flow)
    flow.finish(code)
    try:
        flow.finish(code)
    except requests.HTTPError as error:
        assert error.response.json()["error"] == "invalid_grant"
        return
    raise AssertionError("the code worked twice")


def check_refresh_with_fewer_scopes(context):
    client = context.service.client(scope=["account_info.read"])
    client.users_get_current_account()
    try:
        client.files_list_folder("")
    except context.sdk.exceptions.AuthError as error:
        assert error.error.get_missing_scope().required_scope == "files.metadata.read"
        return
    raise AssertionError("a scope was not missed")


def check_expired_and_unknown_tokens(context):
    client = context.service.client()
    client.check_and_refresh_access_token()
    stale = context.service.client(access_token=client._oauth2_access_token)
    stale.check_user()
    context.service.control("expire_access_tokens")
    unknown = context.service.client(access_token="sl.unknown")
    for who, test in ((stale, "is_expired_access_token"), (unknown, "is_invalid_access_token")):
        try:
            who.users_get_current_account()
        except context.sdk.exceptions.AuthError as error:
            assert getattr(error.error, test)(), error
        else:
            raise AssertionError(test)
    context.dbx = context.service.client()


def check_token_revoke(context):
    flow = no_redirect_flow(context, use_pkce=True, token_access_type="offline")
    client = context.service.client(flow.finish(paste_code(context, flow)).refresh_token)
    assert client.auth_token_revoke() is None
    for call in (client.users_get_current_account, client.refresh_access_token):
        try:
            call()
        except context.sdk.exceptions.AuthError as error:
            assert error.error.is_invalid_access_token()
        else:
            raise AssertionError("a revoked token works")


def check_users(context):
    account = context.dbx.users_get_current_account()
    assert account.email == context.service.email and len(account.account_id) == 40
    assert account.root_info.root_namespace_id == account.root_info.home_namespace_id
    assert account.root_info.root_namespace_id.isdigit()
    basic = context.dbx.users_get_account(account.account_id)
    assert basic.name.display_name == account.name.display_name
    batch = context.dbx.users_get_account_batch([account.account_id])
    assert [entry.account_id for entry in batch] == [account.account_id]
    nobody = "dbid:" + "A" * 35
    assert context.refused(context.dbx.users_get_account, nobody).is_no_account()
    error = context.refused(context.dbx.users_get_account_batch, [account.account_id, nobody])
    assert error.get_no_account() == nobody


def check_space_usage(context):
    before = context.dbx.users_get_space_usage()
    context.upload("/space.bin", b"12345")
    after = context.dbx.users_get_space_usage()
    assert after.used == before.used + 5
    assert after.allocation.get_individual().allocated > after.used


def check_features(context):
    feature = context.sdk.users.UserFeature
    wanted = [feature.paper_as_files, feature.file_locking, feature.team_shared_dropbox, feature.distinct_member_home]
    values = context.dbx.users_features_get_values(wanted).values
    assert len(values) == 4 and values[0].is_paper_as_files()
    assert context.refused(context.dbx.users_features_get_values, []).is_empty_features_list()


def check_probes(context):
    assert context.dbx.check_user("foo").result == "foo"
    service = context.service
    app = service.sdk.Dropbox(app_key=service.app_key, app_secret=service.app_secret, session=service.session())
    assert app.check_app("bar").result == "bar"


def check_path_root(context):
    common = context.sdk.common
    account = context.dbx.users_get_current_account()
    home = account.root_info.root_namespace_id
    for root in (common.PathRoot.home, common.PathRoot.root(home), common.PathRoot.namespace_id(home)):
        context.dbx.with_path_root(root).files_list_folder("")
    cases = ((common.PathRoot.root("1"), "is_invalid_root"), (common.PathRoot.namespace_id("1"), "is_no_permission"))
    for root, test in cases:
        try:
            context.dbx.with_path_root(root).files_list_folder("")
        except context.sdk.exceptions.PathRootError as error:
            assert getattr(error.error, test)(), error
        else:
            raise AssertionError(test)
