//! One request, one call, one reply.

use std::time::Instant;

use crate::client::{
    ApiError, CHANGES_FOR, Client, EventsRequest, Exchange, Exchanged, ListRequest, Reply, Request, all_need_sign_in,
};
use crate::domain::BaseUrl;

/// Keys a page of a walk over many: the contract's most.
const WALK_PAGE: usize = 1000;

/// Whether a request is about keys, and so needs an administrator's session.
pub(crate) const fn needs_session(request: &Request) -> bool {
    matches!(
        request,
        Request::List(_)
            | Request::Count(_)
            | Request::Counts(_)
            | Request::FrequentOwners(_)
            | Request::Usage(..)
            | Request::Due(_)
            | Request::Create(_)
            | Request::HandOver(_)
            | Request::Handovers
            | Request::SettleHandover(..)
            | Request::Edit(..)
            | Request::Delete(_)
            | Request::EndRotation(..)
            | Request::Events(_)
            | Request::Look(..)
            | Request::Identify(..)
            | Request::Walk(..)
            | Request::ChangeKeys(..)
            | Request::ChangePassword(_)
            | Request::Admins
            | Request::ChangeAdmin(_)
            | Request::Sessions
            | Request::EndSessions(_)
            | Request::Revoke(_)
    )
}

/// Makes the call. What the task itself does is answered there.
pub(crate) async fn answer(client: &Client, request: Request) -> Reply {
    match request {
        Request::List(list) => {
            let result = client.page(&list, ListRequest::PAGE).await;
            Reply::Listed(list, result)
        }
        Request::Count(filter) => {
            let result = client.count(&filter).await;
            Reply::Counted(filter, result)
        }
        Request::Counts(filters) => {
            let result = client.counts(&filters).await;
            Reply::Counts(filters, result)
        }
        Request::Usage(id, days) => {
            let result = client.usage(&id, days).await;
            Reply::Usage(id, days, result)
        }
        Request::FrequentOwners(limit) => Reply::FrequentOwners(client.frequent_owners(limit).await),
        Request::Due(days) => Reply::Due(days, client.due(days).await),
        Request::Create(new) => Reply::Created(client.create(&new).await),
        Request::Edit(key, changes) => {
            let result = client.edit(&key.id, &changes).await;
            Reply::Edited(key, result)
        }
        Request::Delete(key) => {
            let result = client.delete(&key.id, key.revision).await;
            Reply::Deleted(key, result)
        }
        Request::EndRotation(key, end) => {
            let result = client.end_rotation(&key.id, end, key.revision).await.map(Box::new);
            Reply::RotationEnded(key, end, result)
        }
        Request::HandOver(new) => {
            let result = client.hand_over(&new).await;
            Reply::HandedOver(new.lookup(), result)
        }
        Request::Handovers => Reply::Handovers(client.handovers().await),
        Request::SettleHandover(id, how) => Reply::HandoverSettled(how, client.settle_handover(&id, how).await),
        Request::Events(events) => {
            let result = client.events(&events, EventsRequest::PAGE).await;
            Reply::Events(events, result)
        }
        Request::Walk(attempt, list) => Reply::Walked(attempt, client.page(&list, WALK_PAGE).await),
        Request::ChangeKeys(attempt, changes) => {
            let begun = Instant::now();
            Reply::KeysChanged(attempt, client.change_each(&changes, || begun.elapsed() < CHANGES_FOR).await)
        }
        Request::Look(attempt, id) => Reply::Looked(attempt, client.key(&id).await),
        Request::Identify(attempt, leaks) => Reply::Identified(attempt, client.owners(&leaks).await),
        Request::ChangePassword(new) => Reply::PasswordChanged(client.change_password(&new.old, &new.new).await),
        Request::Admins => Reply::Admins(client.admin_list().await),
        Request::ChangeAdmin(change) => {
            let result = client.change_administrator(&change).await;
            Reply::AdminChanged(change, result)
        }
        Request::Sessions => Reply::Sessions(client.sessions().await),
        Request::EndSessions(ids) => Reply::SessionsEnded(client.end_sessions(&ids).await),
        Request::Revoke(what) => Reply::Revoked(what, client.revoke(what).await),
        Request::Exchange(attempt, Exchange { at, id, token, content }) => {
            let exchanged = match client_at(client, at).await {
                Ok(client) => client.exchange(&id, &token, &content).await,
                Err(error) => Exchanged { result: Err(error), server_time: None },
            };
            Reply::Exchanged(attempt, exchanged)
        }
        Request::Verify(attempt, at, token) => {
            let verdict = match client_at(client, at).await {
                Ok(client) => client.verify(&token).await,
                Err(error) => Err(error),
            };
            Reply::Verified(attempt, verdict)
        }
        Request::Delivered(_) | Request::SignIn(_) | Request::GiveUp | Request::SignOut | Request::Connect(_) => {
            Reply::SignedOut(Ok(()))
        }
    }
}

/// The client of another server than the profile's: without a session, which is not that server's.
async fn client_at(client: &Client, at: Option<BaseUrl>) -> Result<Client, ApiError> {
    let Some(base) = at else { return Ok(client.without_session()) };
    // Reading the system's certificates takes some milliseconds.
    let client = client.clone();
    let built = tokio::task::spawn_blocking(move || client.elsewhere(base));
    built.await.unwrap_or_else(|_| Err(ApiError::NotStarted("Can't set up the connection to that server.".into())))
}

/// Whether a reply about keys says that a sign-in is needed. The use of a key never opens the sign-in, since it is
/// loaded without a key press: it is left out instead.
pub(crate) fn is_denial(reply: &Reply) -> bool {
    if let Reply::KeysChanged(_, changed) = reply {
        // Where others were made, those that were not are asked for again.
        return all_need_sign_in(changed);
    }
    matches!(
        reply,
        Reply::Listed(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Counted(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Counts(_, Err(ApiError::NotSignedIn(_)))
            | Reply::FrequentOwners(Err(ApiError::NotSignedIn(_)))
            | Reply::Created(Err(ApiError::NotSignedIn(_)))
            | Reply::HandedOver(_, Err(ApiError::NotSignedIn(_)))
            | Reply::HandoverSettled(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Edited(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Deleted(_, Err(ApiError::NotSignedIn(_)))
            | Reply::RotationEnded(_, _, Err(ApiError::NotSignedIn(_)))
            | Reply::Events(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Looked(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Identified(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Walked(_, Err(ApiError::NotSignedIn(_)))
            | Reply::PasswordChanged(Err(ApiError::NotSignedIn(_)))
            | Reply::Admins(Err(ApiError::NotSignedIn(_)))
            | Reply::AdminChanged(_, Err(ApiError::NotSignedIn(_)))
            | Reply::Sessions(Err(ApiError::NotSignedIn(_)))
            | Reply::SessionsEnded(Err(ApiError::NotSignedIn(_)))
            | Reply::Revoked(_, Err(ApiError::NotSignedIn(_)))
    )
}

/// The reply that says that a request failed.
pub(crate) fn refuse(request: Request, error: ApiError) -> Reply {
    match request {
        Request::List(list) => Reply::Listed(list, Err(error)),
        Request::Count(filter) => Reply::Counted(filter, Err(error)),
        Request::Counts(filters) => Reply::Counts(filters, Err(error)),
        Request::Usage(id, days) => Reply::Usage(id, days, Err(error)),
        Request::FrequentOwners(_) => Reply::FrequentOwners(Err(error)),
        Request::Due(days) => Reply::Due(days, Err(error)),
        Request::Create(_) => Reply::Created(Err(error)),
        Request::HandOver(new) => Reply::HandedOver(new.lookup(), Err(error)),
        Request::Handovers => Reply::Handovers(Err(error)),
        Request::SettleHandover(_, how) => Reply::HandoverSettled(how, Err(error)),
        Request::Edit(key, _) => Reply::Edited(key, Err(error)),
        Request::Delete(key) => Reply::Deleted(key, Err(error)),
        Request::EndRotation(key, end) => Reply::RotationEnded(key, end, Err(error)),
        Request::Events(events) => Reply::Events(events, Err(error)),
        Request::Walk(attempt, _) => Reply::Walked(attempt, Err(error)),
        Request::ChangeKeys(attempt, _) => Reply::KeysChanged(attempt, vec![Err(error)]),
        Request::Look(attempt, _) => Reply::Looked(attempt, Err(error)),
        Request::Identify(attempt, _) => Reply::Identified(attempt, Err(error)),
        Request::Exchange(attempt, _) => Reply::Exchanged(attempt, Exchanged { result: Err(error), server_time: None }),
        Request::Verify(attempt, ..) => Reply::Verified(attempt, Err(error)),
        Request::ChangePassword(_) => Reply::PasswordChanged(Err(error)),
        Request::Admins => Reply::Admins(Err(error)),
        Request::ChangeAdmin(change) => Reply::AdminChanged(change, Err(error)),
        Request::Sessions => Reply::Sessions(Err(error)),
        Request::EndSessions(_) => Reply::SessionsEnded(Err(error)),
        Request::Revoke(what) => Reply::Revoked(what, Err(error)),
        Request::SignIn(_) => Reply::SignedIn(Err(error)),
        Request::Connect(_) => Reply::Connected(Err(error)),
        Request::Delivered(_) | Request::GiveUp | Request::SignOut => Reply::SignedOut(Err(error)),
    }
}
