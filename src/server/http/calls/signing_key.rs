//! `/signing_key`: a new key for access tokens.

use axum::Json;
use axum::extract;
use axum::extract::Request;
use chrono::{SubsecRound as _, Utc};
use serde_json::{Value, json};

use crate::server::auth::signing_key::SigningKey;
use crate::server::http::request::fields::Fields;
use crate::server::http::request::session::Caller;
use crate::server::http::response::failure::HttpError;
use crate::server::http::response::in_force::InForceHeader;
use crate::server::http::response::wire;
use crate::server::state::AppState;
use crate::server::store::{StoreError, accepted_for};

/// `POST /signing_key`: rotates it.
pub(crate) async fn rotate(
    extract::State(state): extract::State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<(InForceHeader, Json<Value>), HttpError> {
    caller.may_manage_administrators()?;
    let mut fields = Fields::of_json(request).await?;
    let ends_others = fields.flag("end_old")?.unwrap_or(false);
    fields.finish()?;
    let make = || SigningKey::new_for_store(&state.0.vault, ends_others).map_err(|_| HttpError::unexpected());
    let (store, now, mut new) = (&state.0.store, Utc::now(), make()?);
    match store.add_signing_key(new.clone(), caller.actor(), now).await {
        Err(StoreError::OtherMasterKey) => {
            state.0.follow_master_key().await?;
            new = make()?;
            store.add_signing_key(new.clone(), caller.actor(), now).await?;
        }
        added => added?,
    }
    let id = new.id;
    let until = (!ends_others).then(|| wire::time((now + accepted_for(store.longest_lease())).trunc_subsecs(0)));
    let known = InForceHeader::wait(store).await;
    Ok((known, Json(json!({ "success": true, "signing_key_id": id, "old_accepted_until": until }))))
}
