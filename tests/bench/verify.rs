//! Verifications and exchanges of a real server, beside a bare axum that answers the same bytes and is built with the
//! same options. Each server has the first core for itself, and the client the second; what counts is answers in a
//! second of the server's processor time, which other programs disturb least.
//!
//! `cargo bench --bench verify`, or with options of `latchkey serve`: `cargo bench --bench verify -- --database URL`.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it finds")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use latchkey::domain::hmac_token;
use serde_json::{Value, json};

const LATCHKEY: &str = env!("CARGO_BIN_EXE_latchkey");
const CLIENTS: usize = 32;
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// What the kernel counts a process's time in (proc(5)): hundredths of a second.
const TICKS: f64 = 100.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [bare, answer] if bare == "bare" => bare_axum(answer.clone()),
        options => compare(options),
    }
}

/// Answers as the server does, and does nothing else.
fn bare_axum(exchanged: String) {
    let verify =
        async || (StatusCode::NO_CONTENT, [("x-access-key-id", "PK7QW3N5ZJ0V4T8M2XHC"), ("cache-control", "no-store")]);
    let exchange = async move |_: Bytes| {
        ([("content-type", "application/json"), ("cache-control", "no-store")], exchanged.clone())
    };
    let routes = axum::Router::new()
        .route("/api/v2/auth/verify", get(verify))
        .route("/api/v2/auth/client_token", post(exchange));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        eprintln!(r#"{{"message":"listening","place":"{}"}}"#, listener.local_addr().unwrap());
        axum::serve(listener, routes).await.unwrap();
    });
}

/// A server in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &str, arguments: &[&str], cores: &str) -> Self {
        let mut command = Command::new("taskset");
        let mut process = command.args(["-c", cores, program]).args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut line = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
        let listening = std::iter::repeat_with(&mut line).find(|line| line["message"] == "listening").unwrap();
        thread::spawn(move || lines.for_each(drop)); // a log that nobody reads would be dropped
        let address = listening["place"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
        Self { process, address }
    }

    /// The processor time that it has taken, in seconds.
    fn time(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
    }

    /// Sends a request again and again on each of many connections; gives the answers in a second, those in a second of
    /// the server's time, and how long 99 of 100 took at most.
    fn ask(&self, request: &str, status: &str) -> (f64, f64, Duration) {
        let (before, until) = (self.time(), Instant::now() + TIME);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (address, request, status) = (self.address, request.to_owned(), format!("HTTP/1.1 {status} "));
                thread::spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (mut answer, mut took) = ([0; 4096], Vec::new());
                    while Instant::now() < until {
                        let sent = Instant::now();
                        stream.write_all(request.as_bytes()).unwrap();
                        // An answer is smaller than a segment, and nothing else is on its way.
                        let length = stream.read(&mut answer).unwrap();
                        assert!(answer[..length].starts_with(status.as_bytes()), "another answer");
                        took.push(sent.elapsed());
                    }
                    took
                })
            })
            .collect();
        let mut took: Vec<Duration> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        took.sort_unstable();
        let count = f64::from(u32::try_from(took.len()).unwrap());
        (count / TIME.as_secs_f64(), count / (self.time() - before), took[took.len() * 99 / 100])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

fn latchkey(folder: &str, arguments: &[&str]) -> String {
    let done = Command::new(LATCHKEY).args(["--data", folder]).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn compare(options: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let (data, secret) = (folder.path().join("data"), folder.path().join("secret"));
    let (data, secret) = (data.to_str().unwrap(), secret.to_str().unwrap());
    let serve = |threads| {
        let mut arguments = vec!["--data", data, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        arguments.extend(["--max-per-address", "1000", "--threads", threads]);
        arguments.extend(options.iter().map(String::as_str));
        Server::start(LATCHKEY, &arguments, if threads == "1" { "0" } else { "0,1" })
    };
    let made = latchkey(data, &["keys", "create", "--label", "bench", "--secret-file", secret]);
    let id = made.split_whitespace().find(|word| word.starts_with("PK") && word.len() == 20).unwrap();
    let secret = std::fs::read_to_string(secret).unwrap();
    let hash = hmac_token(secret.trim().as_bytes(), b"content");
    let body = json!({ "scope": "docs_api", "content": "content" }).to_string();
    let exchange = format!(
        "POST /api/v2/auth/client_token HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\nx-key: {id}\r\n\
         x-hash: {}\r\ncontent-length: {}\r\n\r\n{body}",
        hash.expose(),
        body.len()
    );

    let server = serve("1");
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(exchange.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).unwrap();
    let exchanged = std::str::from_utf8(&answer[..length]).unwrap().split_once("\r\n\r\n").unwrap().1;
    let token: Value = serde_json::from_str(exchanged).unwrap();
    let token = token["access_token"].as_str().unwrap();
    let verify = format!("GET /api/v2/auth/verify HTTP/1.1\r\nHost: x\r\nx-access-token: {token}\r\n\r\n");
    let bare = Server::start(std::env::current_exe().unwrap().to_str().unwrap(), &["bare", exchanged], "0");

    for (name, request, status) in [("verify", &verify, "204"), ("exchange", &exchange, "200")] {
        let ratios = (0..ROUNDS).map(|_| {
            let (all, of_bare, _) = bare.ask(request, status);
            say(&format!("{name}, bare axum"), all, of_bare, None);
            let (all, ours, slow) = server.ask(request, status);
            say(&format!("{name}, latchkey"), all, ours, Some(slow));
            ours / of_bare
        });
        let mut ratios: Vec<f64> = ratios.collect();
        ratios.sort_by(f64::total_cmp);
        println!("{name}: {:.2} of a bare axum\n", ratios[ROUNDS / 2]);
    }
    let (one, ..) = server.ask(&verify, "204");
    drop((server, bare));
    let (two, of_two, slow) = serve("2").ask(&verify, "204");
    say("verify, two threads", two, of_two, Some(slow));
    println!("two threads: {:.2} of one, beside the client on the same two cores", two / one);
}

fn say(what: &str, a_second: f64, of_its_time: f64, slow: Option<Duration>) {
    let slow = slow.map_or_else(String::new, |slow| format!(", 99 of 100 within {slow:.1?}"));
    println!("{what}: {a_second:.0} a second, {of_its_time:.0} a second of its time{slow}");
}
