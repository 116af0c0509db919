//! Faults, delays and counters of a running service, and the person who signs in.
//!
//! All of it is about the whole service; only the person belongs to the account of the control.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::bail;

use crate::control::Control;
use crate::faults::Fault;
use crate::oauth::Outcome;
use crate::traffic::WriteLock;

/// What the browser shows after the person has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// It goes to this address of the app.
    Redirect(String),
    /// It shows this code, to be pasted.
    Code(String),
    /// It says that the app was not let in.
    Denied,
}

impl From<Outcome> for Approval {
    fn from(outcome: Outcome) -> Approval {
        match outcome {
            Outcome::Redirect(url) => Approval::Redirect(url),
            Outcome::ShowCode(code) => Approval::Code(code),
            Outcome::ShowDenied => Approval::Denied,
        }
    }
}

impl Control {
    /// Lets the next call of a route (`files/upload`, `oauth2/token`, `*` for any) go wrong.
    pub fn fail_next(&self, route: &str, fault: Fault) {
        self.service.traffic.fail_next(route, fault);
    }

    /// Lets the next calls of a route go wrong.
    pub fn fail_times(&self, route: &str, times: usize, fault: Fault) {
        self.service.traffic.fail_times(route, times, fault);
    }

    /// Forgets all faults that have not happened.
    pub fn clear_faults(&self) {
        self.service.traffic.clear_faults();
    }

    /// Returns how many faults have not happened.
    pub fn faults_waiting(&self) -> usize {
        self.service.traffic.faults_waiting()
    }

    /// Returns how often each route was called, faulty calls included.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.service.traffic.calls()
    }

    /// Returns how many calls there were.
    pub fn call_count(&self) -> u64 {
        self.calls().values().sum()
    }

    /// Waits until this many calls have come in since the counters were at zero, faulty calls included.
    /// Returns while the last of them is still unanswered.
    pub async fn until_called(&self, count: u64) {
        self.service.traffic.until_called(count).await;
    }

    /// Starts all counters at zero again, those of bytes included.
    pub fn reset_calls(&self) {
        self.service.traffic.reset_calls();
    }

    /// Returns how many bytes of request bodies came in.
    pub fn bytes_up(&self) -> u64 {
        self.service.traffic.bytes_up()
    }

    /// Returns how many bytes of response bodies went out.
    pub fn bytes_down(&self) -> u64 {
        self.service.traffic.bytes_down()
    }

    /// Lets every call wait this long before it is looked at.
    pub fn set_latency(&self, per_call: Duration) {
        self.service.traffic.set_latency(per_call);
    }

    /// Limits the bytes of all bodies together, both ways; nothing means no limit.
    pub fn set_bandwidth(&self, bytes_per_second: Option<u64>) {
        self.service.traffic.set_bandwidth(bytes_per_second);
    }

    /// Lets each write hold the lock of its namespace; nothing means that writes never meet.
    pub fn set_write_lock(&self, lock: Option<WriteLock>) {
        self.service.traffic.set_write_lock(lock);
    }

    /// Acts as the person who follows the app's link, signs in and presses Allow.
    ///
    /// Fails where the person would see an error page.
    pub fn allow_in_browser(&self, authorize_url: &str) -> anyhow::Result<Approval> {
        Ok(self.service.sign_in.allow_in_browser(authorize_url, &self.account_id())?.into())
    }

    /// Acts as the person who follows the app's link and presses Deny.
    pub fn deny_in_browser(&self, authorize_url: &str) -> anyhow::Result<Approval> {
        Ok(self.service.sign_in.deny_in_browser(authorize_url)?.into())
    }

    /// Sets how many seconds the access tokens live that are issued from now on.
    pub fn set_access_token_secs(&self, seconds: i64) -> anyhow::Result<()> {
        if seconds <= 0 {
            bail!("an access token lives at least a second");
        }
        Ok(self.service.sign_in.set_access_token_secs(seconds)?)
    }

    /// Returns the refresh token of a fresh offline grant of this account for the first app.
    pub fn refresh_token(&self) -> anyhow::Result<String> {
        let Some(app) = self.service.apps.first() else { bail!("a service needs an app") };
        Ok(self.service.sign_in.provision(&app.key, &self.account_id())?)
    }
}
