//! Reads `SharedLinkSettings` and judges whether this account may have them.

use serde_json::{Value, json};

use super::args::Args;
use super::envelope::Failure;
use super::unions::{nested, tag};
use crate::links::{LinkAudience, LinkSettings};

/// Why settings are refused: `SharedLinkSettingsError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// They contradict each other, or the past.
    Invalid,
    /// The account may not have them.
    NotAuthorized,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let name = match refusal {
            Refusal::Invalid => "invalid_settings",
            Refusal::NotAuthorized => "not_authorized",
        };
        Failure::Endpoint(nested("settings_error", tag(name)))
    }
}

/// Settings as they were asked for; what is absent stays as it is.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    require_password: Option<bool>,
    link_password: Option<String>,
    expires: Option<i64>,
    audience: Option<String>,
    visibility: Option<String>,
    access: Option<String>,
    allow_download: Option<bool>,
}

impl Wanted {
    /// Takes the struct.
    pub fn read(mut args: Args) -> Result<Wanted, Failure> {
        let audiences = ["public", "team", "no_one", "password", "members"];
        let wanted = Wanted {
            require_password: opt_bool(&mut args, "require_password")?,
            link_password: args.opt_string("link_password")?,
            expires: args.opt_instant("expires")?,
            audience: args.tag("audience", &audiences)?,
            visibility: args.tag("requested_visibility", &["public", "team_only", "password"])?,
            access: args.tag("access", &["viewer", "editor", "max", "default"])?,
            allow_download: opt_bool(&mut args, "allow_download")?,
        };
        args.done()?;
        Ok(wanted)
    }

    /// Returns the settings that a link has afterwards.
    pub fn apply(
        self,
        mut settings: LinkSettings,
        now: i64,
        basic_only: bool,
    ) -> Result<LinkSettings, Failure> {
        if self.is_for_teams() {
            return Err(Refusal::NotAuthorized.into());
        }
        if self.expires.is_some_and(|at| at <= now) || self.access.as_deref() == Some("editor") {
            return Err(Refusal::Invalid.into());
        }
        settings.password = self.password(settings.password)?;
        settings.expires = self.expires.or(settings.expires);
        settings.allow_download = self.allow_download.unwrap_or(settings.allow_download);
        if let Some(audience) = self.audience.as_deref() {
            let is_closed = matches!(audience, "no_one" | "members");
            settings.audience = if is_closed { LinkAudience::NoOne } else { LinkAudience::Public };
        }
        if basic_only && (settings.password.is_some() || settings.expires.is_some()) {
            return Err(Refusal::NotAuthorized.into());
        }
        Ok(settings)
    }

    fn is_for_teams(&self) -> bool {
        self.audience.as_deref() == Some("team") || self.visibility.as_deref() == Some("team_only")
    }

    fn password(&self, before: Option<String>) -> Result<Option<String>, Refusal> {
        let asked = self.require_password == Some(true)
            || self.audience.as_deref() == Some("password")
            || self.visibility.as_deref() == Some("password");
        match (&self.link_password, self.require_password) {
            (Some(_), Some(false)) => Err(Refusal::Invalid),
            (Some(password), _) if !password.is_empty() => Ok(Some(password.clone())),
            (None, Some(false)) => Ok(None),
            (None, _) if !asked => Ok(before),
            (None, _) if before.is_some() => Ok(before),
            _ => Err(Refusal::Invalid),
        }
    }
}

fn opt_bool(args: &mut Args, field: &str) -> Result<Option<bool>, Failure> {
    match args.take(field) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(value)),
        Some(_) => Err(args.bad(field, "expected boolean")),
    }
}

/// Writes `LinkPermissions` as the owner, or somebody else, sees them.
pub(super) fn permissions(settings: &LinkSettings, is_owner: bool, basic_only: bool) -> Value {
    let visibility = match (&settings.password, settings.audience) {
        (Some(_), _) => "password",
        (None, LinkAudience::Public) => "public",
        (None, LinkAudience::Team) => "team_only",
        (None, LinkAudience::NoOne) => "no_one",
    };
    let may = is_owner && !basic_only;
    let policy = |name: &str, allowed: bool| {
        let mut policy =
            json!({"policy": {".tag": name}, "resolved_policy": {".tag": name}, "allowed": allowed});
        if !allowed {
            policy["disallowed_reason"] =
                tag(if name == "team_only" { "user_not_on_team" } else { "user_account_type" });
        }
        policy
    };
    let mut permissions = json!({
        "resolved_visibility": {".tag": visibility},
        "can_revoke": is_owner,
        "visibility_policies": [policy("public", true), policy("team_only", false), policy("password", may)],
        "can_set_expiry": may,
        "can_remove_expiry": may,
        "allow_download": settings.allow_download,
        "can_allow_download": is_owner,
        "can_disallow_download": is_owner,
        "allow_comments": true,
        "team_restricts_comments": false,
        "can_set_password": may,
        "can_remove_password": may,
        "require_password": settings.password.is_some(),
        "can_use_extended_sharing_controls": may,
    });
    if !is_owner {
        permissions["revoke_failure_reason"] = tag("owner_only");
    } else if matches!(visibility, "public" | "team_only" | "password") {
        permissions["requested_visibility"] = tag(visibility);
    }
    permissions
}
