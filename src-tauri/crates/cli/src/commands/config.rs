//! `lockstep config`: settings, checked before they are written.

use engine::{
    api::Call,
    control::Owner,
    proxy_password::{keep_password, without_password},
    settings::{KEYS, Settings},
};
use serde_json::{Map, Value};

use crate::{
    Context, args,
    failure::{Exit, Failure},
};

/// Prints or changes settings.
pub async fn run(context: &Context, action: args::Config) -> Result<Exit, Failure> {
    let file = context.home.config_file();
    match action {
        args::Config::Get { key: Some(key) } => print(context, &[&key], Settings::load(&file)?),
        args::Config::Get { key: None } => print(context, &KEYS, Settings::load(&file)?),
        args::Config::Set { key, value } => {
            let settings = Settings::set(&file, &key, value.as_deref())?;
            match Owner::connect(&context.home).await {
                Some(owner) => drop(owner.call(&Call::SettingsChanged).await?),
                // Nobody else moves a password out of the file before the next start.
                None => drop(keep_password(&context.home, settings).await),
            }
            print(context, &[&key], Settings::load(&file)?)
        }
    }
}

fn print(context: &Context, keys: &[&str], settings: Settings) -> Result<Exit, Failure> {
    let settings = without_password(settings);
    let mut values = Map::new();
    for key in keys {
        let value = serde_json::to_value(settings.get(key)?).expect("BUG: settings are plain values");
        values.insert((*key).to_owned(), value);
    }
    context.out.result(&values, |values| values.iter().map(|(key, value)| line(key, value)).collect())?;
    Ok(Exit::Done)
}

fn line(key: &str, value: &Value) -> String {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("{key} = {}\n", crate::text::plain(&shown))
}
