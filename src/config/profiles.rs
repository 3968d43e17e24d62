//! The profiles in the file.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::dirs::NoFolder;
use super::entry::{Entry, LOCAL, ServerLocation};
use super::error::ConfigError;
use super::setting::{self, PROFILE_SETTINGS};
use super::source_text::SourceText;
use crate::client::{ConnectionSettings, Forward, Proxy, ProxyUrl, Target};
use crate::domain::{BaseUrl, Lifetimes};

/// Settings that only a server with a URL has.
const FOR_URLS: [&str; 6] = ["ca_file", "ca_only", "client_cert", "client_key", "proxy", "connect_to"];
/// Settings that the embedded server does not have.
const FOR_OTHERS: [&str; 3] = ["username", "connect_timeout", "timeout"];
/// Settings that only the embedded server has.
const FOR_EMBEDDED: [&str; 4] = ["key_format", "max_lifetime", "default_lifetime", "master_key_file"];

/// Reads all profiles, in the order of the file.
pub(crate) fn profiles(reading: &SourceText<'_>, table: &DeTable<'_>) -> Result<Vec<Entry>, ConfigError> {
    let mut entries = Vec::new();
    for (name, value) in table {
        if !setting::is_profile_name(name.get_ref()) {
            let problem = "a profile name may have 1 to 32 letters, digits, dots, dashes or underscores and must start with a letter or digit";
            return Err(reading.error(name.span(), problem));
        }
        let DeValue::Table(settings) = value.get_ref() else {
            return Err(reading.error(name.span(), &format!("{0} is a profile: write [profiles.{0}]", name.get_ref())));
        };
        let one = OneProfile { reading, name: name.get_ref(), header: name.span(), settings };
        entries.push((name.span().start, one.entry()?));
    }
    entries.sort_by_key(|(place, _)| *place);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// A profile that is being read.
struct OneProfile<'a> {
    reading: &'a SourceText<'a>,
    name: &'a str,
    header: Range<usize>,
    settings: &'a DeTable<'a>,
}

impl OneProfile<'_> {
    fn entry(&self) -> Result<Entry, ConfigError> {
        for (name, _) in self.settings {
            if !PROFILE_SETTINGS.contains(&name.get_ref().as_ref()) {
                return Err(self.reading.error(name.span(), &setting::unknown(name.get_ref(), &PROFILE_SETTINGS)));
            }
        }
        let mut notice = None;
        let location = self.location(&mut notice)?;
        let mut entry = Entry { notice, ..Entry::new(self.name, location) };
        if let Some(value) = self.settings.get("username") {
            entry.profile.username = Some(self.reading.string("username", value)?.to_owned());
        }
        if let Some(value) = self.settings.get("key_format") {
            let format = self.reading.string("key_format", value)?.parse();
            entry.key_format = format.map_err(|problem: String| self.reading.error(value.span(), &problem))?;
        }
        let [most, default] = ["max_lifetime", "default_lifetime"].map(|name| self.lifetime(name));
        entry.lifetimes =
            Lifetimes::new(most?, default?).map_err(|problem| self.reading.error(self.header.clone(), &problem))?;
        entry.master_key = self.path("master_key_file")?;
        entry.profile.production = self.boolean("production")?;
        entry.profile.read_only = self.boolean("read_only")?;
        Ok(entry)
    }

    /// Exactly one of three settings says where the server is.
    fn location(&self, notice: &mut Option<String>) -> Result<Result<ServerLocation, NoFolder>, ConfigError> {
        let ways = ["base_url", "socket", "data"];
        let mut given = ways.iter().filter_map(|way| Some((*way, self.settings.get(*way)?)));
        let Some((way, value)) = given.next() else {
            if self.name == LOCAL {
                self.refuse(&[FOR_URLS.as_slice(), &FOR_OTHERS].concat(), "data")?;
                return Ok(self.reading.dirs.data.clone().map(ServerLocation::Embedded));
            }
            let problem = format!("the profile {} has no server: add base_url, socket or data", self.name);
            return Err(self.reading.error(self.header.clone(), &problem));
        };
        if let Some((other, value)) = given.next() {
            let problem = format!("{way} and {other} name two servers, and a profile has one: remove one of them");
            return Err(self.reading.error(value.span(), &problem));
        }
        if self.name == LOCAL && way != "data" {
            let problem = "the name \"local\" is reserved for the embedded server; rename this profile";
            return Err(self.reading.error(self.header.clone(), problem));
        }
        match way {
            "base_url" => {
                self.refuse(&FOR_EMBEDDED, way)?;
                self.url(value, notice).map(ServerLocation::Remote).map(Ok)
            }
            "socket" => {
                self.refuse(&[FOR_URLS.as_slice(), &FOR_EMBEDDED].concat(), way)?;
                self.patience(ConnectionSettings::new(Target::Socket(self.expand(way, value)?)))
                    .map(ServerLocation::Remote)
                    .map(Ok)
            }
            _ => {
                self.refuse(&[FOR_URLS.as_slice(), &FOR_OTHERS].concat(), way)?;
                Ok(Ok(ServerLocation::Embedded(self.expand(way, value)?)))
            }
        }
    }

    fn url(
        &self,
        value: &Spanned<DeValue<'_>>,
        notice: &mut Option<String>,
    ) -> Result<ConnectionSettings, ConfigError> {
        let text = self.reading.string("base_url", value)?;
        let (base, kept) =
            BaseUrl::parse(text).map_err(|error| self.reading.error(value.span(), &error.to_string()))?;
        *notice = kept.map(|kept| format!("{}: {kept}", self.reading.spot(value.span())));
        let connection = ConnectionSettings {
            ca_file: self.path("ca_file")?,
            ca_only: self.boolean("ca_only")?,
            client_cert: self.path("client_cert")?,
            client_key: self.path("client_key")?,
            proxy: self.proxy()?,
            connect_to: self.forward(&base)?,
            ..ConnectionSettings::new(Target::Url(base))
        };
        self.needs(connection.ca_only && connection.ca_file.is_none(), "ca_only", "ca_file")?;
        let alone = connection.client_key.is_some() && connection.client_cert.is_none();
        self.needs(alone, "client_key", "client_cert")?;
        self.patience(connection)
    }

    fn patience(&self, mut connection: ConnectionSettings) -> Result<ConnectionSettings, ConfigError> {
        if let Some(seconds) = self.settings.get("connect_timeout") {
            connection.connect_timeout = Duration::from_secs(self.reading.seconds("connect_timeout", seconds)?);
        }
        if let Some(seconds) = self.settings.get("timeout") {
            connection.timeout = Duration::from_secs(self.reading.seconds("timeout", seconds)?);
        }
        Ok(connection)
    }

    fn forward(&self, base: &BaseUrl) -> Result<Option<SocketAddr>, ConfigError> {
        let Some(value) = self.settings.get("connect_to") else { return Ok(None) };
        if !base.is_https() || matches!(self.proxy()?, Proxy::Via(_)) {
            let problem = "connect_to needs an https:// base_url and no proxy: remove one of them";
            return Err(self.reading.error(value.span(), problem));
        }
        let address = Forward::address(self.reading.string("connect_to", value)?);
        address.map(Some).map_err(|why| self.reading.error(value.span(), &format!("connect_to: {why}")))
    }

    fn proxy(&self) -> Result<Proxy, ConfigError> {
        let Some(value) = self.settings.get("proxy") else { return Ok(Proxy::Environment) };
        match self.reading.string("proxy", value)? {
            "none" => Ok(Proxy::None),
            text => match ProxyUrl::parse(text) {
                Ok(url) if url.has_password() && !self.reading.private => {
                    let problem = "others can read the proxy's password: make this file private with chmod 600";
                    Err(self.reading.error(value.span(), problem))
                }
                Ok(url) => Ok(Proxy::Via(url)),
                Err(why) => {
                    let problem = format!("the proxy can't be used: {why}; for no proxy write \"none\"");
                    Err(self.reading.error(value.span(), &problem))
                }
            },
        }
    }

    fn boolean(&self, name: &str) -> Result<bool, ConfigError> {
        self.settings.get(name).map_or(Ok(false), |value| self.reading.boolean(name, value))
    }

    /// Days, from 1 to [`Lifetimes::LONGEST`].
    fn lifetime(&self, name: &str) -> Result<Option<u32>, ConfigError> {
        let Some(value) = self.settings.get(name) else { return Ok(None) };
        let days = self.reading.number(name, value)?;
        let days = u32::try_from(days).ok().filter(|days| (1..=Lifetimes::LONGEST).contains(days));
        let problem = format!("{name} must be a number of days from 1 to {}", Lifetimes::LONGEST);
        days.map(Some).ok_or_else(|| self.reading.error(value.span(), &problem))
    }

    fn path(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        self.settings.get(name).map(|value| self.expand(name, value)).transpose()
    }

    fn expand(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<PathBuf, ConfigError> {
        Ok(self.reading.dirs.expand(self.reading.path, self.reading.string(name, value)?)?)
    }

    /// Refuses settings that would have no effect here: they are there by mistake.
    fn refuse(&self, names: &[&str], way: &str) -> Result<(), ConfigError> {
        let found = self.settings.iter().find(|(name, _)| names.contains(&name.get_ref().as_ref()));
        let Some((name, _)) = found else { return Ok(()) };
        let problem = format!("{} has no effect with {way}: remove the line", name.get_ref());
        Err(self.reading.error(name.span(), &problem))
    }

    fn needs(&self, alone: bool, name: &str, other: &str) -> Result<(), ConfigError> {
        let span = self.settings.get(name).map(Spanned::span).unwrap_or_default();
        if alone {
            Err(self.reading.error(span, &format!("{name} needs {other}: add it, or remove the line")))
        } else {
            Ok(())
        }
    }
}
