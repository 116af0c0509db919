"""Upload sessions: sequential, concurrent, batches."""

MIB4 = 4 * 1024 * 1024


def cursor(context, session, offset):
    return context.files.UploadSessionCursor(session, offset)


def check_sequential_session(context):
    dbx, files = context.dbx, context.files
    session = dbx.files_upload_session_start(b"abc").session_id
    assert dbx.files_upload_session_append_v2(b"def", cursor(context, session, 3)) is None
    wrong = context.refused(dbx.files_upload_session_append_v2, b"x", cursor(context, session, 3))
    assert wrong.get_incorrect_offset().correct_offset == 6
    commit = files.CommitInfo("/session.txt")
    wrong = context.refused(dbx.files_upload_session_finish, b"", cursor(context, session, 5), commit)
    assert wrong.get_lookup_failed().get_incorrect_offset().correct_offset == 6
    context.upload("/taken.txt", b"taken")
    taken = files.CommitInfo("/taken.txt")
    wrong = context.refused(dbx.files_upload_session_finish, b"", cursor(context, session, 6), taken)
    assert wrong.get_path().get_conflict().is_file()
    assert dbx.files_upload_session_finish(b"gh", cursor(context, session, 6), commit).size == 8
    gone = context.refused(dbx.files_upload_session_append_v2, b"x", cursor(context, "nothing", 0))
    assert gone.is_not_found()


def check_closed_session(context):
    dbx = context.dbx
    session = dbx.files_upload_session_start(b"abc", close=True).session_id
    closed = context.refused(dbx.files_upload_session_append_v2, b"x", cursor(context, session, 3))
    assert closed.is_closed()
    wrong = context.refused(dbx.files_upload_session_start, b"x", content_hash="0" * 64)
    assert wrong.is_content_hash_mismatch()


def check_concurrent_session(context):
    dbx, files = context.dbx, context.files
    kind = files.UploadSessionType.concurrent
    session = dbx.files_upload_session_start(b"", session_type=kind).session_id
    refused = context.refused(dbx.files_upload_session_start, b"x", session_type=kind)
    assert refused.is_concurrent_session_data_not_allowed()
    refused = context.refused(dbx.files_upload_session_start, b"", close=True, session_type=kind)
    assert refused.is_concurrent_session_close_not_allowed()
    second, first = b"2" * MIB4, b"1" * MIB4
    dbx.files_upload_session_append_v2(second, cursor(context, session, MIB4))
    odd = context.refused(dbx.files_upload_session_append_v2, first, cursor(context, session, 1))
    assert odd.is_concurrent_session_invalid_offset()
    dbx.files_upload_session_append_v2(first, cursor(context, session, 0))
    end = cursor(context, session, 2 * MIB4)
    early = context.refused(dbx.files_upload_session_finish, b"", end, files.CommitInfo("/conc.bin"))
    assert early.is_concurrent_session_not_closed()
    dbx.files_upload_session_append_v2(b"end", end, close=True)
    done = dbx.files_upload_session_finish(b"", cursor(context, session, 2 * MIB4 + 3), files.CommitInfo("/conc.bin"))
    assert done.size == 2 * MIB4 + 3
    content = context.dbx.files_download("/conc.bin")[1].content
    assert content == first + second + b"end"


def check_batch_pipeline(context):
    dbx, files = context.dbx, context.files
    sessions = dbx.files_upload_session_start_batch(3).session_ids
    assert len(set(sessions)) == 3
    pieces = [b"one", b"three", b""]
    entry = files.UploadSessionAppendBatchArgEntry
    entries = [entry(cursor(context, s, 0), len(p), close=True) for s, p in zip(sessions, pieces)]
    done = dbx.files_upload_session_append_batch(b"".join(pieces), entries)
    assert all(e.is_success() for e in done.entries), done
    again = dbx.files_upload_session_append_batch(b"one", [entry(cursor(context, sessions[0], 0), 3)])
    failure = again.entries[0].get_failure()
    assert failure.is_closed() or failure.is_incorrect_offset(), failure
    wrong = context.refused(dbx.files_upload_session_append_batch, b"ab", entries[:1])
    assert wrong.is_length_mismatch()
    finish = files.UploadSessionFinishArg
    arguments = [
        finish(cursor(context, s, len(p)), files.CommitInfo("/pipe/%d" % n))
        for n, (s, p) in enumerate(zip(sessions, pieces))
    ]
    arguments.append(finish(cursor(context, "nothing", 0), files.CommitInfo("/pipe/none")))
    entries = dbx.files_upload_session_finish_batch_v2(arguments).entries
    assert [e.get_success().size for e in entries[:3]] == [3, 5, 0]
    assert entries[3].get_failure().get_lookup_failed().is_not_found()


def check_finish_batch_with_job(context):
    dbx, files = context.dbx, context.files
    session = dbx.files_upload_session_start(b"old", close=True).session_id
    argument = files.UploadSessionFinishArg(cursor(context, session, 3), files.CommitInfo("/pipe/old"))
    launch = dbx.files_upload_session_finish_batch([argument])
    if launch.is_async_job_id():
        done = context.wait(launch, dbx.files_upload_session_finish_batch_check)
    else:
        done = launch.get_complete()
    assert done.entries[0].get_success().size == 3
    open_session = dbx.files_upload_session_start(b"open").session_id
    argument = files.UploadSessionFinishArg(cursor(context, open_session, 4), files.CommitInfo("/pipe/open"))
    failure = dbx.files_upload_session_finish_batch_v2([argument]).entries[0].get_failure()
    assert failure.get_lookup_failed().is_not_closed()
