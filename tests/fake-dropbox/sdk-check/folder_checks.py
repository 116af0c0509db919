"""Folders, deletes, moves and copies: single and in batches."""


def check_create_folder(context):
    dbx = context.dbx
    done = dbx.files_create_folder_v2("/folders/Deep/er").metadata
    assert done.path_display == "/folders/Deep/er"
    conflict = context.refused(dbx.files_create_folder_v2, "/folders/deep/ER").get_path().get_conflict()
    assert conflict.is_folder()
    assert dbx.files_create_folder_v2("/folders/Deep/er", autorename=True).metadata.name == "er (1)"


def check_create_folder_batch(context):
    dbx = context.dbx
    paths = ["/batch/one", "/batch/two", "/batch/one"]
    done = context.wait(dbx.files_create_folder_batch(paths), dbx.files_create_folder_batch_check)
    ids = [entry.get_success().metadata.id for entry in done.entries]
    assert ids[0] == ids[2] != ids[1]
    launch = dbx.files_create_folder_batch(["/batch/one"], force_async=True)
    assert launch.is_async_job_id()
    done = context.wait(launch, dbx.files_create_folder_batch_check)
    assert done.entries[0].get_failure().get_path().get_conflict().is_folder()


def check_delete(context):
    dbx = context.dbx
    done = context.upload("/gone.txt", b"x")
    wrong = context.refused(dbx.files_delete_v2, "/gone.txt", parent_rev="0123456789")
    assert wrong.get_path_write().get_conflict().is_file()
    assert dbx.files_delete_v2("/gone.txt", parent_rev=done.rev).metadata == done
    assert context.refused(dbx.files_delete_v2, "/gone.txt").get_path_lookup().is_not_found()


def check_delete_batch(context):
    dbx = context.dbx
    context.upload("/db/a.txt", b"x")
    entries = [context.files.DeleteArg(path) for path in ("/db/a.txt", "/db/none", "/db")]
    done = context.wait(dbx.files_delete_batch(entries), dbx.files_delete_batch_check)
    assert done.entries[0].get_success().metadata.name == "a.txt"
    assert done.entries[1].get_failure().get_path_lookup().is_not_found()
    assert isinstance(done.entries[2].get_success().metadata, context.files.FolderMetadata)


def check_move_and_copy(context):
    dbx = context.dbx
    first = context.upload("/mv/a.txt", b"a")
    moved = dbx.files_move_v2("/mv/a.txt", "/mv/new/b.txt").metadata
    assert moved.id == first.id and moved.rev != first.rev
    copied = dbx.files_copy_v2("/mv/new/b.txt", "/mv/c.txt").metadata
    assert copied.id != first.id
    taken = context.refused(dbx.files_move_v2, "/mv/new/b.txt", "/mv/c.txt").get_to().get_conflict()
    assert taken.is_file()
    assert dbx.files_copy_v2("/mv/c.txt", "/mv/new/b.txt", autorename=True).metadata.name == "b (1).txt"
    assert context.refused(dbx.files_move_v2, "/mv/none", "/mv/x").get_from_lookup().is_not_found()
    inside = context.refused(dbx.files_move_v2, "/mv", "/mv/new/mv")
    assert inside.is_cant_move_folder_into_itself()
    assert isinstance(dbx.files_move_v2("/mv/new", "/mv2").metadata, context.files.FolderMetadata)


def check_relocation_batches(context):
    dbx = context.dbx
    for name in "ab":
        context.upload("/rb/%s.txt" % name, name.encode())
    path = context.files.RelocationPath
    entries = [path("/rb/a.txt", "/rb/a1.txt"), path("/rb/none", "/rb/x")]
    done = context.wait(dbx.files_move_batch_v2(entries), dbx.files_move_batch_check_v2)
    assert done.entries[0].get_success().name == "a1.txt"
    error = done.entries[1].get_failure().get_relocation_error()
    assert error.get_from_lookup().is_not_found()
    entries = [path("/rb/b.txt", "/rb/b1.txt"), path("/rb/b.txt", "/rb/a1.txt")]
    done = context.wait(dbx.files_copy_batch_v2(entries), dbx.files_copy_batch_check_v2)
    assert done.entries[0].get_success().name == "b1.txt"
    error = done.entries[1].get_failure().get_relocation_error()
    assert error.get_to().get_conflict().is_file()


def check_unknown_jobs(context):
    dbx = context.dbx
    for call in (
        dbx.files_create_folder_batch_check,
        dbx.files_delete_batch_check,
        dbx.files_move_batch_check_v2,
        dbx.files_copy_batch_check_v2,
        dbx.files_upload_session_finish_batch_check,
    ):
        assert context.refused(call, "dbjid:nothing").is_invalid_async_job_id(), call


def check_download_zip(context):
    import io
    import zipfile

    context.upload("/zip/a.txt", b"aaa")
    context.upload("/zip/sub/b.txt", b"bbb")
    result, response = context.dbx.files_download_zip("/zip")
    assert isinstance(result.metadata, context.files.FolderMetadata)
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    contents = {n: archive.read(n) for n in archive.namelist() if not n.endswith("/")}
    assert contents == {"zip/a.txt": b"aaa", "zip/sub/b.txt": b"bbb"}, contents
    error = context.refused(context.dbx.files_download_zip, "/zip/a.txt")
    assert error.is_path(), error


def check_permanently_delete(context):
    try:
        context.dbx.files_permanently_delete("/zip/a.txt")
    except context.sdk.exceptions.BadInputError as error:
        assert "not allowed" in error.message
        return
    raise AssertionError("a plain account deleted permanently")
