"""Answers that are no result and no route error: each must reach the SDK as what it is."""


def caught(kind, call, *args, **kwargs):
    try:
        result = call(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError("expected %s, got %r" % (kind.__name__, result))


def check_bad_input_is_text(context):
    kind = context.sdk.exceptions.BadInputError
    root = caught(kind, context.dbx.files_list_folder_longpoll, "no cursor")
    assert root.message.startswith('Error in call to API function "files/list_folder/longpoll":'), root.message
    service = context.service
    url = service.url + "/2/files/get_metadata"
    token = {"Authorization": "Bearer " + context.dbx._oauth2_access_token, "Content-Type": "application/json"}
    for body, text in (
        ('{"path": ""}', "The root folder is unsupported"),
        ('{"path": "hello.txt"}', "did not match pattern"),
        ('{"path": "/a", "pat": 1}', "unknown field"),
        ("{}", "missing required field"),
        ("{", "could not decode input as JSON"),
    ):
        answer = service.web.post(url, data=body, headers=token)
        assert answer.status_code == 400 and text in answer.text, answer.text
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    answer = service.web.post(url, data="{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and "Authorization" in answer.text


def check_rate_limits(context):
    kind = context.sdk.exceptions.RateLimitError
    faults = (
        ({"too_many_requests": {"retry_after": 7}}, "is_too_many_requests"),
        ({"too_many_writes": {"retry_after": 1}}, "is_too_many_write_operations"),
    )
    for fault, test in faults:
        context.service.control("fail", route="files/list_folder", fault=fault)
        error = caught(kind, context.dbx.files_list_folder, "")
        assert getattr(error.error.reason, test)(), error
    context.service.control("fail", route="files/list_folder", fault="text_too_many_requests")
    assert caught(kind, context.dbx.files_list_folder, "").error is None
    context.dbx.files_list_folder("")


def check_server_errors_and_broken_connections(context):
    exceptions = context.sdk.exceptions
    context.service.control("fail", route="files/list_folder", fault={"server": 503})
    assert caught(exceptions.InternalServerError, context.dbx.files_list_folder, "").status_code == 503
    import requests

    context.service.control("fail", route="files/upload", fault="reset_after_effect")
    caught(requests.exceptions.ConnectionError, context.upload, "/lost-answer.txt", b"x")
    assert context.dbx.files_get_metadata("/lost-answer.txt").size == 1
    context.service.control("fail", route="files/upload", fault="reset_before_effect")
    caught(requests.exceptions.ConnectionError, context.upload, "/never.txt", b"x")
    assert context.refused(context.dbx.files_get_metadata, "/never.txt").get_path().is_not_found()


def check_quota(context):
    used = context.dbx.users_get_space_usage().used
    context.service.control("set_quota", bytes=used + 10)
    error = context.refused(context.upload, "/large.bin", b"x" * 11)
    assert error.get_path().reason.is_insufficient_space()
    context.service.control("set_quota", bytes=2**40)
