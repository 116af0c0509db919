"""Files: upload, read, revisions, thumbnails, links to content, search."""

import base64
import datetime

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def check_upload_and_metadata(context):
    when = datetime.datetime(2015, 5, 12, 15, 50, 38)
    name = "/Häuser/Straße 1.txt"
    done = context.upload(name, b"hello world", client_modified=when, mute=True)
    assert done.path_display == name and done.client_modified == when and done.size == 11
    assert done.content_hash == "bc62d4b80d9e36da29c16c5d4d9f11731f36052c72401a76c23c0fb5a9b74423"
    for path in ("/hÄuser/STRAßE 1.TXT", done.id, "rev:" + done.rev):
        assert context.dbx.files_get_metadata(path) == done, path
    folder = context.dbx.files_get_metadata("/häuser", include_has_explicit_shared_members=True)
    assert isinstance(folder, context.files.FolderMetadata) and folder.id.startswith("id:")


def check_write_modes(context):
    mode = context.files.WriteMode
    first = context.upload("/modes.txt", b"one")
    assert context.upload("/modes.txt", b"one").rev == first.rev, "identical content is no write"
    error = context.refused(context.upload, "/modes.txt", b"two")
    failed = error.get_path()
    assert failed.reason.get_conflict().is_file() and failed.upload_session_id
    cursor = context.files.UploadSessionCursor(failed.upload_session_id, 3)
    commit = context.files.CommitInfo("/modes-kept.txt")
    assert context.dbx.files_upload_session_finish(b"", cursor, commit).size == 3
    second = context.upload("/modes.txt", b"two", mode=mode.update(first.rev))
    assert second.id == first.id and second.rev != first.rev
    copy = context.upload("/modes.txt", b"three", mode=mode.update(first.rev), autorename=True)
    assert "conflicted copy" in copy.name and copy.id != first.id
    assert context.upload("/modes.txt", b"four", mode=mode.overwrite).id == first.id
    assert context.upload("/modes.txt", b"five", autorename=True).name == "modes (1).txt"
    strict = context.refused(context.upload, "/modes.txt", b"four", strict_conflict=True)
    assert strict.get_path().reason.get_conflict().is_file()
    assert context.refused(context.upload, "/häuser", b"x").get_path().reason.get_conflict().is_folder()
    below = context.refused(context.upload, "/modes.txt/x", b"x").get_path().reason
    assert below.get_conflict().is_file_ancestor()
    wrong = context.refused(context.upload, "/hash.txt", b"x", content_hash="0" * 64)
    assert wrong.is_content_hash_mismatch()


def check_download(context):
    done = context.upload("/down.bin", b"0123456789")
    metadata, response = context.dbx.files_download("/down.bin")
    assert response.content == b"0123456789" and metadata == done
    assert response.headers["ETag"] == 'W/"%s"' % done.rev
    part, response = context.dbx.files_download("rev:" + done.rev, extra_headers={"Range": "bytes=2-4"})
    assert response.status_code == 206 and response.content == b"234" and part.size == 10
    assert response.headers["Content-Range"] == "bytes 2-4/10"
    assert context.refused(context.dbx.files_download, "/none").get_path().is_not_found()
    assert context.refused(context.dbx.files_download, "/häuser").get_path().is_not_file()


def check_parallel_download_of_the_sdk(context):
    """The SDK's own ranged download must be content with our ranges, revs and hashes."""
    import tempfile

    transfer = getattr(context.dbx, "files_download_to_file", None)
    content = bytes(range(256)) * 40000
    context.upload("/ranges.bin", content)
    with tempfile.NamedTemporaryFile() as target:
        transfer(target.name, "/ranges.bin")
        assert target.read() == content


def check_export_and_cloud_documents(context):
    context.service.control("put_cloud_document", path="/Notes.paper", export_as="md", text="# hi")
    metadata = context.dbx.files_get_metadata("/Notes.paper")
    assert metadata.is_downloadable is False and metadata.export_info.export_as
    assert context.refused(context.dbx.files_download, "/Notes.paper").is_unsupported_file()
    result, response = context.dbx.files_export("/Notes.paper")
    assert response.content == b"# hi" and result.export_metadata.size == 4
    assert context.refused(context.dbx.files_export, "/down.bin").is_non_exportable()
    names = [e.name for e in context.dbx.files_list_folder("", include_non_downloadable_files=False).entries]
    assert "Notes.paper" not in names and "down.bin" in names


def check_revisions_and_restore(context):
    mode = context.files.WriteMode.overwrite
    first = context.upload("/rev.txt", b"1")
    second = context.upload("/rev.txt", b"22", mode=mode)
    listed = context.dbx.files_list_revisions("/rev.txt")
    assert [entry.rev for entry in listed.entries] == [second.rev, first.rev] and not listed.is_deleted
    by_id = context.dbx.files_list_revisions(first.id, mode=context.files.ListRevisionsMode.id, limit=1)
    assert [entry.rev for entry in by_id.entries] == [second.rev]
    older = context.dbx.files_list_revisions("/rev.txt", before_rev=second.rev)
    assert [entry.rev for entry in older.entries] == [first.rev]
    context.dbx.files_delete_v2("/rev.txt")
    listed = context.dbx.files_list_revisions("/rev.txt")
    assert listed.is_deleted and listed.server_deleted
    restored = context.dbx.files_restore("/rev.txt", first.rev)
    assert restored.size == 1 and restored.rev not in (first.rev, second.rev)
    assert context.refused(context.dbx.files_restore, "/rev.txt", "0123456789").is_invalid_revision()
    assert context.refused(context.dbx.files_list_revisions, "/häuser").get_path().is_not_file()


def check_thumbnails(context):
    context.upload("/pic.png", PNG)
    context.upload("/text.txt", b"no picture")
    resource = context.files.PathOrLink.path("/pic.png")
    result, response = context.dbx.files_get_thumbnail_v2(resource, size=context.files.ThumbnailSize.w32h32)
    assert result.file_metadata.name == "pic.png" and len(response.content) > 0
    text = context.files.PathOrLink.path("/text.txt")
    assert context.refused(context.dbx.files_get_thumbnail_v2, text).is_unsupported_extension()
    arguments = [context.files.ThumbnailArg(path) for path in ("/pic.png", "/text.txt", "/none.png")]
    entries = context.dbx.files_get_thumbnail_batch(arguments).entries
    assert base64.b64decode(entries[0].get_success().thumbnail)
    assert entries[1].get_failure().is_unsupported_extension()
    assert entries[2].get_failure().get_path().is_not_found()


def check_temporary_links(context):
    context.upload("/temp.txt", b"temporary")
    link = context.dbx.files_get_temporary_link("/temp.txt")
    assert link.metadata.name == "temp.txt"
    assert context.service.web.get(link.link).content == b"temporary"
    assert context.refused(context.dbx.files_get_temporary_link, "/none").get_path().is_not_found()
    commit = context.files.CommitInfo("/by-link.txt")
    upload = context.dbx.files_get_temporary_upload_link(commit, duration=600).link
    answer = context.service.web.post(upload, data=b"abc", headers={"Content-Type": "application/octet-stream"})
    expected = "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"
    assert answer.json()["content-hash"] == expected
    assert context.dbx.files_get_metadata("/by-link.txt").size == 3


def check_search(context):
    for number in range(3):
        context.upload("/find/needle %d.txt" % number, b"x")
    options = context.files.SearchOptions(path="/find", max_results=2, filename_only=True)
    page = context.dbx.files_search_v2("needle", options=options)
    names = [match.metadata.get_metadata().name for match in page.matches]
    while page.has_more:
        page = context.dbx.files_search_continue_v2(page.cursor)
        names += [match.metadata.get_metadata().name for match in page.matches]
    assert sorted(names) == ["needle 0.txt", "needle 1.txt", "needle 2.txt"]
    assert context.dbx.files_search_v2("needle", context.files.SearchOptions(path="/nowhere")).matches == []


def check_cursors(context):
    dbx = context.dbx
    context.upload("/cursor/a.txt", b"a")
    first = dbx.files_list_folder("/cursor", recursive=True, limit=1)
    names = [entry.name for entry in first.entries]
    page = first
    while page.has_more:
        page = dbx.files_list_folder_continue(page.cursor)
        names += [entry.name for entry in page.entries]
    assert "a.txt" in names
    latest = dbx.files_list_folder_get_latest_cursor("/cursor", recursive=True).cursor
    assert dbx.files_list_folder_continue(latest).entries == []
    context.upload("/cursor/b.txt", b"b")
    assert dbx.files_list_folder_longpoll(latest).changes
    delta = dbx.files_list_folder_continue(latest)
    assert [entry.name for entry in delta.entries] == ["b.txt"]
    dbx.files_delete_v2("/cursor/a.txt")
    delta = dbx.files_list_folder_continue(delta.cursor)
    assert isinstance(delta.entries[0], context.files.DeletedMetadata)
    listed = dbx.files_list_folder("/cursor", include_deleted=True).entries
    assert any(isinstance(entry, context.files.DeletedMetadata) for entry in listed)
    gone = dbx.files_get_metadata("/cursor/a.txt", include_deleted=True)
    assert isinstance(gone, context.files.DeletedMetadata)
    context.service.control("reset_cursors")
    assert context.refused(dbx.files_list_folder_continue, delta.cursor).is_reset()
    assert context.refused(dbx.files_list_folder_longpoll, delta.cursor).is_reset()
