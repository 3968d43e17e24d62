//! A receiver of webhook messages.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::openapi;
use crate::support::raw::{self, Asked};
use crate::support::wait::PATIENCE;

/// A message as it came.
pub struct Message {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub text: String,
    pub body: Value,
}

/// Takes messages on a port of this machine.
pub struct Inbox {
    port: u16,
    messages: Receiver<Message>,
}

impl Inbox {
    /// Answers the first message, the second and so on with what is given for its number, counted from 0.
    pub fn answering(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let (sender, messages) = channel();
        let sender = Mutex::new((sender, 0));
        let port = raw::serve(move |asked| {
            let message = Message::of(asked);
            // Both at once: the first that is given out is number 0.
            let number = {
                let mut sender = sender.lock().unwrap();
                let _ = sender.0.send(message);
                sender.1 += 1;
                sender.1 - 1
            };
            answer(number)
        });
        Self { port, messages }
    }

    /// Accepts everything.
    pub fn new() -> Self {
        Self::answering(|_| status("204 No Content"))
    }

    /// Where it is, with a token in the query.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?token=geheim", self.port)
    }

    /// The next message.
    #[track_caller]
    pub fn next(&self) -> Message {
        self.messages.recv_timeout(PATIENCE).expect("a message comes")
    }

    /// What has come and was not taken yet.
    pub fn rest(&self) -> Vec<Message> {
        self.messages.try_iter().collect()
    }
}

/// An answer without a body.
pub fn status(line: &str) -> Vec<u8> {
    raw::raw(line, &[], "")
}

impl Message {
    fn of(asked: &Asked) -> Self {
        let header = |name| asked.header(name).unwrap_or_default().to_owned();
        assert_eq!((&*asked.method, &*header("content-type")), ("POST", "application/json"));
        openapi::check_message(&serde_json::from_slice(&asked.body).unwrap());
        let text = String::from_utf8(asked.body.clone()).unwrap();
        Self {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp").parse().unwrap(),
            signature: header("webhook-signature"),
            body: serde_json::from_str(&text).unwrap(),
            text,
        }
    }

    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    /// Checks the signature as a receiver does, with openssl.
    #[track_caller]
    pub fn verify(&self, secret: &str) {
        use std::io::Write as _;
        let key = BASE64_STANDARD.decode(secret.trim().strip_prefix("whsec_").unwrap()).unwrap();
        let hex = base16ct::lower::encode_string(&key);
        let mut openssl = Command::new("openssl")
            .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{hex}"), "-binary"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl is installed");
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.text);
        openssl.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
        let digest = openssl.wait_with_output().unwrap().stdout;
        assert_eq!(digest.len(), 32);
        assert_eq!(self.signature, format!("v1,{}", BASE64_STANDARD.encode(digest)));
    }
}
