//! The fields of a body or a query string, read one by one, so that an error can name the field.
//!
//! Not by serde: its errors repeat the value, which may be a password.

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use chrono::{DateTime, Datelike as _};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::server::http::response::failure::HttpError;
use crate::server::store::ExpiryChange;

/// The longest body that is read, in bytes.
pub(crate) const MOST_BODY: usize = 64 * 1024;
/// What a gzip file begins with (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

const NOT_UTF8: &str = "is not UTF-8; send it in UTF-8";

/// What a client sent, by name.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn of_query(uri: &Uri) -> Result<Self, HttpError> {
        check_utf8("query", uri.query().unwrap_or_default().as_bytes())?;
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        Self::of_pairs(pairs.map_err(|_| HttpError::malformed("query", "not readable"))?.0)
    }

    /// The values of the only field of a query string, which may be given several times.
    pub(crate) fn list_of_query(uri: &Uri, name: &str) -> Result<Vec<String>, HttpError> {
        check_utf8("query", uri.query().unwrap_or_default().as_bytes())?;
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let pairs = pairs.map_err(|_| HttpError::malformed("query", "not readable"))?.0;
        let value = |(field, value): (String, String)| match field {
            field if field == name => Ok(value),
            field => Err(HttpError::unexpected_field(&shown(&field), "is not a known field")),
        };
        pairs.into_iter().map(value).collect()
    }

    /// A text that was not read yet.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) async fn of_json(request: Request) -> Result<Self, HttpError> {
        match media_type(request.headers()).as_str() {
            "application/json" => Self::of_json_body(&read(request).await?),
            "" => Err(HttpError::malformed("content-type", "is missing; send application/json")),
            _ => Err(HttpError::malformed("content-type", "must be application/json")),
        }
    }

    /// Reads a body that is JSON or a form.
    pub(crate) async fn of_body(request: Request) -> Result<Self, HttpError> {
        match media_type(request.headers()).as_str() {
            "application/json" => Self::of_json_body(&read(request).await?),
            "application/x-www-form-urlencoded" => Self::of_form_body(&read(request).await?),
            "" => {
                let why = "is missing; send application/json or application/x-www-form-urlencoded";
                Err(HttpError::malformed("content-type", why))
            }
            _ => {
                let why = "must be application/json or application/x-www-form-urlencoded";
                Err(HttpError::malformed("content-type", why))
            }
        }
    }

    fn of_form_body(bytes: &[u8]) -> Result<Self, HttpError> {
        // What curl -d and others send unless they are told the type.
        if bytes.trim_ascii_start().starts_with(b"{") {
            let why = "must be application/json, since the body is JSON";
            return Err(HttpError::malformed("content-type", why));
        }
        check_utf8("body", bytes)?;
        let pairs = url::form_urlencoded::parse(bytes).into_owned();
        Self::of_pairs(pairs.collect())
    }

    fn of_json_body(bytes: &[u8]) -> Result<Self, HttpError> {
        if std::str::from_utf8(bytes).is_err() {
            return Err(HttpError::malformed("body", NOT_UTF8));
        }
        match serde_json::from_slice(bytes) {
            Ok(Pairs(pairs)) => Self::of_pairs(pairs),
            Err(error) if error.is_data() => Err(HttpError::malformed("body", "must be a JSON object")),
            Err(error) => {
                let place = format!("not JSON at line {}, column {}", error.line(), error.column());
                Err(HttpError::malformed("body", place))
            }
        }
    }

    fn of_pairs(pairs: Vec<(String, impl Into<Value>)>) -> Result<Self, HttpError> {
        let mut fields = Map::new();
        for (name, value) in pairs {
            if fields.insert(name.clone(), value.into()).is_some() {
                return Err(HttpError::unexpected_field(&shown(&name), "is given twice"));
            }
        }
        Ok(Self(fields))
    }

    /// A text, if given.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, HttpError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(HttpError::malformed(name, "must be a string")),
        }
    }

    /// A text that must be given.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, HttpError> {
        self.text(name)?.ok_or_else(|| HttpError::malformed(name, "is missing"))
    }

    /// A text that `parse` must know; the default if it is missing.
    pub(crate) fn word<T: Default>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, HttpError> {
        self.text(name)?.map_or(Ok(T::default()), |text| {
            parse(&text).ok_or_else(|| HttpError::malformed(name, "is not one of the known words"))
        })
    }

    /// A yes or no, if given.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, HttpError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
            Some(_) => Err(HttpError::malformed(name, "must be true or false")),
        }
    }

    /// A number of items from 1 to `most`, 100 by default.
    pub(crate) fn limit(&mut self, most: usize) -> Result<usize, HttpError> {
        let Some(text) = self.text("limit")? else { return Ok(100) };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| HttpError::malformed("limit", format!("must be a number from 1 to {most}")))
    }

    /// A number from 1 to `most`.
    pub(crate) fn number(&mut self, name: &str, default: u16, most: u16) -> Result<u16, HttpError> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| HttpError::malformed(name, format!("must be a number from 1 to {most}")))
    }

    /// A whole number from 0 to `most` that must be given, as a number.
    pub(crate) fn count(&mut self, name: &str, most: u64) -> Result<u64, HttpError> {
        let value = self.0.remove(name).ok_or_else(|| HttpError::malformed(name, "is missing"))?;
        let count = value.as_u64().filter(|count| *count <= most);
        count.ok_or_else(|| HttpError::malformed(name, format!("must be a whole number from 0 to {most}")))
    }

    /// The same, if it is given.
    pub(crate) fn count_if_any(&mut self, name: &str, most: u64) -> Result<Option<u64>, HttpError> {
        if self.0.contains_key(name) { self.count(name, most).map(Some) } else { Ok(None) }
    }

    /// A time. `null` is never.
    pub(crate) fn time(&mut self, name: &str) -> Result<Option<ExpiryChange>, HttpError> {
        if self.0.get(name).is_some_and(Value::is_null) {
            self.0.remove(name);
            return Ok(Some(ExpiryChange::Never));
        }
        let Some(text) = self.text(name)? else { return Ok(None) };
        let time = DateTime::parse_from_rfc3339(&text)
            .map_err(|_| HttpError::malformed(name, "must be an RFC 3339 time, such as 2030-01-31T12:00:00Z"))?;
        // RFC 3339 has no later years: no client could read the answer, nor send it back.
        if time.to_utc().year() > 9999 {
            return Err(HttpError::malformed(name, "must be in the year 9999 at the latest, in UTC"));
        }
        Ok(Some(ExpiryChange::At(time.to_utc())))
    }

    /// Refuses fields that were not read.
    pub(crate) fn finish(self) -> Result<(), HttpError> {
        let refuse = |name: &String| Err(HttpError::unexpected_field(&shown(name), "is not a known field"));
        self.0.keys().next().map_or(Ok(()), refuse)
    }
}

/// The fields of a JSON object as they were sent: of two with the same name, neither replaces the other.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = object.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Refuses what the parser of forms would replace without a word.
fn check_utf8(name: &str, form: &[u8]) -> Result<(), HttpError> {
    let plain: Vec<u8> = percent_encoding::percent_decode(form).collect();
    std::str::from_utf8(&plain).map(drop).map_err(|_| HttpError::malformed(name, NOT_UTF8))
}

/// The media type without parameters, in lower case; empty when there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a body. What its headers say that can't be used is refused before: a client that waits for `100 Continue`
/// doesn't send it then.
async fn read(request: Request) -> Result<Bytes, HttpError> {
    check_head(request.headers())?;
    let bytes =
        Bytes::from_request(request, &()).await.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => HttpError::too_large(),
            _ => HttpError::malformed("body", "not readable"),
        })?;
    if bytes.starts_with(GZIP) { Err(HttpError::compressed()) } else { Ok(bytes) }
}

fn check_head(headers: &HeaderMap) -> Result<(), HttpError> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if value(CONTENT_ENCODING).is_some_and(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")) {
        return Err(HttpError::compressed());
    }
    let length = value(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BODY) { Err(HttpError::too_large()) } else { Ok(()) }
}

/// A name that the client sent, short and without control characters.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}
