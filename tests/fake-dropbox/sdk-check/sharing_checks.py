"""Shared links."""

import datetime


def check_links(context):
    dbx, sharing = context.dbx, context.sdk.sharing
    context.upload("/shared/file.txt", b"shared")
    settings = sharing.SharedLinkSettings(audience=sharing.LinkAudience.public)
    link = dbx.sharing_create_shared_link_with_settings("/shared/file.txt", settings)
    assert isinstance(link, sharing.FileLinkMetadata) and link.size == 6 and link.url.endswith("dl=0")
    again = context.refused(dbx.sharing_create_shared_link_with_settings, "/shared/file.txt")
    assert again.is_shared_link_already_exists()
    assert dbx.sharing_get_shared_link_metadata(link.url).id == link.id
    metadata, response = dbx.sharing_get_shared_link_file(link.url)
    assert response.content == b"shared" and metadata.url == link.url
    assert context.service.web.get(link.url.replace("dl=0", "dl=1")).content == b"shared"
    folder = dbx.sharing_create_shared_link_with_settings("/shared")
    assert isinstance(folder, sharing.FolderLinkMetadata)
    inside = dbx.sharing_get_shared_link_metadata(folder.url, path="/file.txt")
    assert inside.name == "file.txt"
    direct = dbx.sharing_list_shared_links("/shared/file.txt", direct_only=True).links
    assert [entry.url for entry in direct] == [link.url]
    parents = dbx.sharing_list_shared_links("/shared/file.txt").links
    assert {entry.url for entry in parents} == {link.url, folder.url}
    assert len(dbx.sharing_list_shared_links().links) == 2
    assert dbx.sharing_revoke_shared_link(link.url) is None
    assert context.refused(dbx.sharing_get_shared_link_metadata, link.url).is_shared_link_not_found()
    assert context.refused(dbx.sharing_revoke_shared_link, link.url).is_shared_link_not_found()
    dbx.sharing_revoke_shared_link(folder.url)


def check_link_settings(context):
    dbx, sharing = context.dbx, context.sdk.sharing
    context.upload("/settings.txt", b"x")
    soon = datetime.datetime(2099, 1, 1)
    settings = sharing.SharedLinkSettings(expires=soon, require_password=True, link_password="sesame")
    link = dbx.sharing_create_shared_link_with_settings("/settings.txt", settings)
    assert link.expires == soon and link.link_permissions.resolved_visibility.is_password()
    denied = context.refused(dbx.sharing_get_shared_link_file, link.url, link_password="wrong")
    assert denied.is_shared_link_access_denied()
    assert dbx.sharing_get_shared_link_file(link.url, link_password="sesame")[1].content == b"x"
    plain = sharing.SharedLinkSettings(require_password=False)
    changed = dbx.sharing_modify_shared_link_settings(link.url, plain, remove_expiration=True)
    assert changed.expires is None and changed.link_permissions.resolved_visibility.is_public()
    past = sharing.SharedLinkSettings(expires=datetime.datetime(2001, 1, 1))
    wrong = context.refused(dbx.sharing_modify_shared_link_settings, link.url, past)
    assert wrong.get_settings_error().is_invalid_settings()
    missing = context.refused(dbx.sharing_create_shared_link_with_settings, "/none.txt")
    assert missing.get_path().is_not_found()
    assert context.refused(dbx.sharing_list_shared_links, "/none.txt").get_path().is_not_found()
