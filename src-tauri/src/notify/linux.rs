//! The service of Linux desktops that shows notifications, over D-Bus.
//!
//! Rule: a listener is there before the notification is, and hears only the service that showed it; the
//! numbers of another one mean other notifications.

use std::{collections::HashMap, future::Future, time::Duration};

use futures::StreamExt;
use serde::Serialize;
use zbus::{
    Connection, MatchRule, Message, MessageStream,
    message::Type,
    names::{BusName, OwnedUniqueName},
    zvariant::{DynamicType, Value},
};

use super::send::{Abilities, ShowError, Wanted};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Name of the icon, as packages install it.
const ICON: &str = "lockstep";
/// Name of the app's entry in the launcher.
const DESKTOP_ENTRY: &str = "org.lockstep.Lockstep";
/// The service decides how long one stays.
const AS_LONG_AS_USUAL: i32 = -1;
/// Showing takes a service some milliseconds; one that is silent for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where one is, to replace it or take it back.
#[derive(Debug, Clone)]
pub struct Place {
    service: OwnedUniqueName,
    number: u32,
}

/// One that was shown.
pub struct Shown {
    place: Place,
    heard: MessageStream,
}

/// Returns what the service can do.
pub async fn abilities() -> Result<Abilities, ShowError> {
    let known = answered(async {
        let reply = call(&Connection::session().await?, service()?, "GetCapabilities", &()).await?;
        reply.body().deserialize::<Vec<String>>()
    });
    let known = known.await?;
    let has = |what: &str| known.iter().any(|known| known == what);
    Ok(Abilities { buttons: has("actions"), markup: has("body-markup") })
}

/// Shows one. Its urgency is the usual one, so that Do Not Disturb holds it back.
pub async fn show(wanted: &Wanted) -> Result<Shown, ShowError> {
    answered(try_show(wanted)).await
}

async fn try_show(wanted: &Wanted) -> zbus::Result<Shown> {
    let bus = Connection::session().await?;
    let heard = MessageStream::for_match_rule(all_it_tells()?, &bus, None).await?;
    let actions = wanted.actions.iter().flat_map(|(id, label)| [id.as_str(), label.as_str()]);
    let arguments = (
        "Lockstep",
        wanted.instead_of.as_ref().map_or(0, |place| place.number),
        ICON,
        wanted.title.as_str(),
        wanted.body.as_str(),
        actions.collect::<Vec<_>>(),
        HashMap::from([("desktop-entry", Value::from(DESKTOP_ENTRY))]),
        AS_LONG_AS_USUAL,
    );
    let reply = call(&bus, service()?, "Notify", &arguments).await?;
    let number = reply.body().deserialize()?;
    let header = reply.header();
    let service = header.sender().ok_or(zbus::Error::MissingField)?.to_owned().into();
    Ok(Shown { place: Place { service, number }, heard })
}

/// Takes one back; one of a service that has ended is gone already.
pub async fn close(place: Place) {
    let closing = answered(async {
        let service = BusName::from(place.service.as_ref());
        call(&Connection::session().await?, service, "CloseNotification", &place.number).await
    });
    if let Err(error) = closing.await {
        tracing::debug!(%error, "a notification was gone already");
    }
}

impl Shown {
    /// Returns where it is.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Waits for a person; returns the action that was chosen, nothing when it was closed.
    pub async fn answer(mut self) -> Option<String> {
        while let Some(Ok(message)) = self.heard.next().await {
            let header = message.header();
            if header.sender().is_none_or(|sender| *sender != self.place.service.as_ref()) {
                continue;
            }
            match header.member().map(|member| member.as_str()) {
                Some("ActionInvoked") => match message.body().deserialize::<(u32, String)>() {
                    Ok((number, action)) if number == self.place.number => return Some(action),
                    _ => {}
                },
                Some("NotificationClosed") => match message.body().deserialize::<(u32, u32)>() {
                    Ok((number, _reason)) if number == self.place.number => return None,
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }
}

/// One listener for all its signals keeps their order: a click comes before the end that it leads to.
fn all_it_tells() -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder().msg_type(Type::Signal).interface(SERVICE)?.path(PATH)?.build())
}

fn service() -> zbus::Result<BusName<'static>> {
    Ok(BusName::try_from(SERVICE)?)
}

async fn call<B: Serialize + DynamicType>(
    bus: &Connection,
    service: BusName<'_>,
    method: &str,
    arguments: &B,
) -> zbus::Result<Message> {
    bus.call_method(Some(service), PATH, Some(SERVICE), method, arguments).await
}

async fn answered<T>(asked: impl Future<Output = zbus::Result<T>>) -> Result<T, ShowError> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(zbus::Error::MethodError(name, text, _))) if !is_absence(&name) => {
            Err(ShowError::Refused(text.unwrap_or_else(|| name.to_string())))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "there is no notification service");
            Err(ShowError::NoService)
        }
        Err(_) => Err(ShowError::NoService),
    }
}

/// True for what the bus says in place of a service that is not there or cannot be started.
fn is_absence(error: &str) -> bool {
    let absence = ["ServiceUnknown", "NameHasNoOwner", "NoReply", "Spawn."];
    let rest = error.strip_prefix("org.freedesktop.DBus.Error.");
    rest.is_some_and(|rest| absence.iter().any(|name| rest.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a bus or a service answers when it fails like this.
    fn failure(name: &str) -> zbus::Error {
        let call = Message::method_call(PATH, "Notify").expect("a call").build(&()).expect("a call");
        let header = call.header();
        let error = Message::error(&header, name).expect("an error");
        error.build(&("in its own words",)).expect("an error").into()
    }

    async fn told_of(error: zbus::Error) -> ShowError {
        answered(async { Err::<(), _>(error) }).await.expect_err("nothing is shown")
    }

    #[tokio::test]
    async fn without_a_bus_or_a_service_there_is_none() {
        let bus = zbus::Error::Address("there is none".into());
        assert!(matches!(told_of(bus).await, ShowError::NoService));
        for absent in ["ServiceUnknown", "NameHasNoOwner", "NoReply", "Spawn.ChildExited"] {
            let error = failure(&format!("org.freedesktop.DBus.Error.{absent}"));
            assert!(matches!(told_of(error).await, ShowError::NoService), "{absent}");
        }
    }

    #[tokio::test]
    async fn a_service_that_says_no_is_quoted() {
        for refused in ["org.freedesktop.DBus.Error.LimitsExceeded", "org.freedesktop.Notifications.Error.X"]
        {
            let told = told_of(failure(refused)).await;
            assert_eq!(told.to_string(), "in its own words", "{refused}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_stuck_is_none() {
        let told = answered(std::future::pending::<zbus::Result<()>>()).await;
        assert!(matches!(told, Err(ShowError::NoService)));
    }
}
