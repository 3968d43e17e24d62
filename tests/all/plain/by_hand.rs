//! A server made by hand, for what the real one does not do: one answer after another, as a test wants it.

use serde_json::json;

use crate::support::home::Home;
use crate::support::raw::{self, Asked};

/// A home whose profile is a server that signs in and out whoever asks, and answers everything else so.
pub fn serve(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Home {
    let port = raw::serve(move |asked| match asked.method.as_str() {
        _ if asked.path.ends_with("/health") => raw::json(200, &json!({ "version": "by hand" })),
        _ if !asked.path.contains("/auth/session") => answer(asked),
        "POST" => raw::signed_in("jo", "administrator"),
        _ => raw::raw("204 No Content", &[], ""),
    });
    let home = Home::new();
    home.settings(&format!(
        "default_profile = \"far\"\n[profiles.far]\nbase_url = \"http://127.0.0.1:{port}\"\nusername = \"jo\"\n",
    ));
    home
}
