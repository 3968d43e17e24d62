//! A server that takes its time with a create: what happens meanwhile.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::json;

use super::by_hand::serve;
use super::talk::{COMMAND, Talk};
use crate::support::hanging::key;
use crate::support::raw;

const SECRET: &str = "sk_of-a-server-that-takes-its-time";

#[test]
fn a_create_under_way_is_finished_and_its_secret_kept() {
    let ((tell, came), (go_on, told)) = (channel(), channel::<()>());
    let told = Mutex::new(told);
    let home = serve(move |asked| {
        if asked.method == "GET" {
            return raw::json(200, &json!({ "keys": [], "total": 0 }));
        }
        tell.send(()).unwrap();
        told.lock().unwrap().recv().unwrap();
        raw::json(201, &json!({ "key": key(), "secret_access_key": SECRET }))
    });
    let mut talk = Talk::at(&home);
    talk.answers(&[(COMMAND, "create"), ("Password of jo at 127.0.0.1", "anything")]);
    talk.writes("");
    talk.answers(&[("for never): ", "")]);
    came.recv().unwrap();
    talk.send(b"\x03");
    talk.says("A key is being created: waiting for the server's answer, to keep its secret.");
    go_on.send(()).unwrap();
    let (status, text) = talk.ends();
    assert_eq!(status.code(), Some(8), "{text}");
    assert!(text.contains("(readable only by you)") && !text.contains("sk_") && !text.contains("anything"), "{text}");
    assert_eq!(std::fs::read_to_string(&home.kept()[0]).unwrap(), format!("{SECRET}\n"));
}
