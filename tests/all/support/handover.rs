//! A secret that is handed over, as a client of an administrator does it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::domain::{HandoverCode, KeyId, SecretKey};
use reqwest::Method;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::support::server::{Answer, Server, send};

/// What the server is told, and what only the code's owner knows.
pub struct Handover {
    code: String,
    wrong: String,
    pub body: Value,
}

impl Handover {
    pub fn draw(id: &str, secret: &str, pin: Option<&str>) -> Self {
        let mut random = Zeroizing::new([0; HandoverCode::CHARS]);
        getrandom::fill(random.as_mut_slice()).unwrap();
        let code = HandoverCode::from_random(&random);
        let keys = code.keys(pin).unwrap();
        let sealed = keys.seal(&SecretKey::foreign(secret), &KeyId::parse(id).unwrap()).unwrap();
        let body = json!({
            "lookup": URL_SAFE_NO_PAD.encode(code.lookup_digest()),
            "proof": URL_SAFE_NO_PAD.encode(keys.proof_digest()),
            "sealed": URL_SAFE_NO_PAD.encode(sealed),
            "key_id": id,
            "has_pin": pin.is_some(),
        });
        let code = code.expose().to_string();
        let (rest, last) = code.split_at(code.len() - 1);
        let wrong = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        Self { code, wrong, body }
    }

    /// The code as its owner has it.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The same with a wrong last character.
    pub fn wrong(&self) -> &str {
        &self.wrong
    }

    pub async fn create(&self, server: &Server) -> Answer {
        send(server.call(Method::POST, "/handovers").json(&self.body)).await
    }
}
