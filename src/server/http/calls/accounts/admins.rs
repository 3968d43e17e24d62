//! `/admins`: superusers manage administrators.

use axum::Json;
use axum::extract;
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use chrono::Utc;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::domain::Role;
use crate::server::auth::username::{Username, check_password};
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::wire;
use crate::server::state::{AppState, AppStateInner};
use crate::server::store::{AdminOutcome, PasswordChange};

/// The `{name}` of a path.
pub(crate) struct Name(Username);

/// `GET /admins`
pub(crate) async fn list(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
) -> Result<Json<Value>, HttpError> {
    caller.may_manage_administrators()?;
    let all: Vec<_> = state.0.store.administrators().await?.iter().map(wire::AdminBody::from).collect();
    Ok(Json(json!({ "success": true, "admins": all })))
}

/// `POST /admins`
pub(crate) async fn add(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<Value>), HttpError> {
    caller.may_manage_administrators()?;
    let mut fields = Fields::of_json(request).await?;
    let name = fields.required("username")?;
    let name = Username::parse(&name).map_err(|error| HttpError::malformed("username", error))?;
    let role = role(&mut fields)?.unwrap_or(Role::Administrator);
    let password = SecretString::from(fields.required("password")?);
    fields.finish()?;
    let hash = new_password(&state.0, &name, password, "password").await?;
    if !state.0.store.add_administrator(&name, role, &hash, caller.actor(), Utc::now()).await? {
        return Err(HttpError::conflict(&format!("Administrator {} already exists", name.as_str())));
    }
    Ok((StatusCode::CREATED, answer(&state.0, &name).await?))
}

/// `PATCH /admins/{name}`: another role or another password.
pub(crate) async fn change(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Name(name): Name,
    request: Request,
) -> Result<Json<Value>, HttpError> {
    caller.may_manage_administrators()?;
    let mut fields = Fields::of_json(request).await?;
    let (role, password) = (role(&mut fields)?, fields.text("password")?.map(SecretString::from));
    let even_last = fields.flag("even_last")?.unwrap_or(false);
    fields.finish()?;
    let store = &state.0.store;
    match (role, password) {
        (Some(role), None) => {
            let outcome = store.set_role(&name, role, even_last, caller.actor(), Utc::now()).await?;
            check(outcome, &name)?;
        }
        (None, Some(password)) => {
            // Someone who finds a session open must not be able to take over the account.
            if caller.is_signed_in_as(&name) {
                return Err(HttpError::forbidden(
                    "Your own password needs the old one: use PUT /auth/password, or latchkey passwd",
                ));
            }
            let password = new_password(&state.0, &name, password, "password").await?;
            let change = PasswordChange { username: name.clone(), password, old: None, keep: None };
            if !store.set_password(change, caller.actor(), Utc::now()).await? {
                return Err(unknown());
            }
        }
        _ => return Err(HttpError::malformed("body", "must have either role or password")),
    }
    answer(&state.0, &name).await
}

/// `DELETE /admins/{name}`
pub(crate) async fn remove(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    Name(name): Name,
    uri: Uri,
) -> Result<StatusCode, HttpError> {
    caller.may_manage_administrators()?;
    let mut fields = Fields::of_query(&uri)?;
    let even_last = fields.flag("even_last")?.unwrap_or(false);
    fields.finish()?;
    check(state.0.store.remove_administrator(&name, even_last, caller.actor(), Utc::now()).await?, &name)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a new password and gives its hash.
pub(crate) async fn new_password(
    state: &AppStateInner,
    name: &Username,
    password: SecretString,
    field: &str,
) -> Result<String, HttpError> {
    check_password(name, &password).map_err(|error| HttpError::malformed(field, error))?;
    let hash = state.passwords.hash(password).await.map_err(|_| HttpError::panicked())?;
    hash.map_err(|error| {
        tracing::error!(%error, "a new password was refused");
        HttpError::unexpected()
    })
}

fn role(fields: &mut Fields) -> Result<Option<Role>, HttpError> {
    let Some(word) = fields.text("role")? else { return Ok(None) };
    let known = Role::parse(&word).ok_or_else(|| HttpError::malformed("role", "is not one of the known words"))?;
    Ok(Some(known))
}

async fn answer(state: &AppStateInner, name: &Username) -> Result<Json<Value>, HttpError> {
    let all = state.store.administrators().await?;
    let one = all.iter().find(|one| one.username == name.as_str()).ok_or_else(unknown)?;
    Ok(Json(json!({ "success": true, "admin": wire::AdminBody::from(one) })))
}

fn check(outcome: AdminOutcome, name: &Username) -> Result<(), HttpError> {
    match outcome {
        AdminOutcome::Done => Ok(()),
        AdminOutcome::Unknown => Err(unknown()),
        AdminOutcome::Last(role) => {
            let last = match role {
                Role::Superuser => "superuser",
                _ => "administrator who can manage keys",
            };
            Err(HttpError::conflict(&format!("{} is the last {last}", name.as_str())))
        }
    }
}

fn unknown() -> HttpError {
    HttpError::not_found("This administrator")
}

impl FromRequestParts<AppState> for Name {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, HttpError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(name) = path.map_err(|_| HttpError::malformed("name", "is not readable"))?;
        Username::parse(&name).map(Self).map_err(|error| HttpError::malformed("name", error))
    }
}
