//! A line between a program and its server that breaks at a chosen byte of a request or its answer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What happens at that place; says whether the line breaks there.
type Break = Box<dyn FnOnce() -> bool + Send>;

/// A byte of the line, counted from where the request to make a key begins, or its answer.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Request(usize),
    Answer(usize),
}

/// A port that leads to a server, which may be another one each time it is started.
pub struct Lossy {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    server: SocketAddr,
    breaks: Option<(Place, Break)>,
}

/// Whether a request creates a key, or rotates one.
fn makes_key(request: &[u8]) -> bool {
    let path = request.strip_prefix(b"POST /api/v2/keys").and_then(|rest| rest.split(|byte| *byte == b' ').next());
    path.is_some_and(|path| path.is_empty() || path.ends_with(b"/rotate"))
}

impl Lossy {
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { server, breaks: None }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let server = shared.lock().unwrap().server;
                // A server that is away refuses; so does the line.
                if let Ok(far) = TcpStream::connect(server) {
                    let state = Arc::clone(&shared);
                    std::thread::spawn(move || carry_both(&near, &far, &state));
                }
            }
        });
        Self { port, state }
    }

    /// Leads to another server from now on.
    pub fn lead_to(&self, server: SocketAddr) {
        self.state.lock().unwrap().server = server;
    }

    /// Breaks there, once: the next time that a key is made.
    pub fn break_at(&self, place: Place, then: impl FnOnce() -> bool + Send + 'static) {
        self.state.lock().unwrap().breaks = Some((place, Box::new(then)));
    }

    /// Whether it broke since.
    pub fn mend(&self) -> bool {
        self.state.lock().unwrap().breaks.take().is_none()
    }
}

/// Carries requests, and the answers beside them, until either side is done or the line breaks.
fn carry_both(near: &TcpStream, far: &TcpStream, state: &Arc<Mutex<State>>) {
    let of_create = Arc::new(Mutex::new(false));
    let answers = {
        let (near, far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        let (of_create, state) = (Arc::clone(&of_create), Arc::clone(state));
        std::thread::spawn(move || carry(&far, &near, &of_create, &state, false))
    };
    carry(near, far, &of_create, state, true);
    let _ = answers.join();
}

fn carry(from: &TcpStream, to: &TcpStream, of_create: &Mutex<bool>, state: &Mutex<State>, is_request: bool) {
    let (mut from, mut to) = (from, to);
    let (mut bytes, mut passed) = ([0; 16 << 10], 0);
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if is_request && makes_key(&bytes[..read]) {
            *of_create.lock().unwrap() = true;
        }
        let (counts, mut begun) = (*of_create.lock().unwrap(), 0);
        let broken = {
            let breaks = &mut state.lock().unwrap().breaks;
            let place = breaks.as_ref().and_then(|(place, _)| match place {
                Place::Request(at) if is_request => Some(*at),
                Place::Answer(at) if !is_request => Some(*at),
                _ => None,
            });
            place.filter(|at| counts && *at < passed + read).map(|at| (at - passed, breaks.take().unwrap().1))
        };
        if let Some((whole, then)) = broken {
            let _ = to.write_all(&bytes[..whole]);
            if then() {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
            begun = whole;
        }
        passed += if counts { read } else { 0 };
        if to.write_all(&bytes[begun..read]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Read), to.shutdown(Shutdown::Write));
}
