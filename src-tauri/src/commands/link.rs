//! Linking and unlinking accounts.

use engine::api::Call;

use super::{Answer, Parts};
use crate::{
    dto::{FieldMessage, LinkDefaults, LinkRequest, LinkState, LinkWay},
    link,
};

/// Returns what the link page begins with.
#[tauri::command]
#[specta::specta]
pub async fn link_defaults(parts: Parts<'_>) -> Answer<LinkDefaults> {
    Ok(link::defaults(&parts.settings.shell()))
}

/// Judges the fields of the link page.
#[tauri::command]
#[specta::specta]
pub async fn link_check(request: LinkRequest) -> Answer<Vec<FieldMessage>> {
    Ok(link::check(&request))
}

/// Begins a sign-in; how it goes is told by the event `link`.
#[tauri::command]
#[specta::specta]
pub async fn link_start(parts: Parts<'_>, request: LinkRequest, way: LinkWay) -> Answer<()> {
    parts.link.start(request, way).await
}

/// Takes the code that a person pasted.
#[tauri::command]
#[specta::specta]
pub async fn link_code(parts: Parts<'_>, code: String) -> Answer<()> {
    parts.link.code(&code)
}

/// Gives the sign-in up.
#[tauri::command]
#[specta::specta]
pub async fn link_cancel(parts: Parts<'_>) -> Answer<()> {
    parts.link.cancel();
    Ok(())
}

/// Returns how the sign-in stands.
#[tauri::command]
#[specta::specta]
pub async fn link_state(parts: Parts<'_>) -> Answer<LinkState> {
    Ok(parts.link.state())
}

/// After `wrong_account`: adds the account that was signed in to as another one.
#[tauri::command]
#[specta::specta]
pub async fn link_accept_other(parts: Parts<'_>) -> Answer<()> {
    parts.link.accept_other().await
}

/// Unlinks an account; files stay on both sides.
#[tauri::command]
#[specta::specta]
pub async fn account_unlink(parts: Parts<'_>, id: String) -> Answer<()> {
    parts.host.ask(Call::AccountUnlink { id }).await
}
