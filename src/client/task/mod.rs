//! The API task: takes requests, gives replies, and keeps what waits for a sign-in.

pub(crate) mod answer;

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::in_flight::InFlight;
use super::{AdminSession, ApiError, Connection, FAREWELL, Link, Reply, Request};
use crate::domain::{Identity, Untrusted};

/// Starts the API task. `connect` connects to the server of a profile, without a name to the one that this run begins
/// with; what is asked before there is a server waits for it.
///
/// The task ends when the screen drops its ends.
pub fn spawn<C>(connect: impl FnMut(Option<String>) -> C + Send + 'static) -> Link
where
    C: Future<Output = Result<Connection, ApiError>> + Send + 'static,
{
    let (requests, asked) = mpsc::channel(64);
    let (replies, answered) = mpsc::channel(16);
    let (is_idle, idle) = watch::channel(false);
    let ended = tokio::spawn(run(connect, asked, replies, is_idle));
    Link { requests, replies: answered, idle, ended }
}

/// What a call comes to.
enum CallOutcome {
    /// Its reply was sent.
    Answered,
    /// It needs a sign-in. Holds how many sessions had begun when it was asked, what was asked, and the reply if the
    /// sign-in is cancelled.
    Refused(usize, Request, Box<Reply>),
    /// Whether there is a server to sign in at.
    Found(Result<(), ApiError>),
}

struct Task {
    connection: Connection,
    /// How many sessions have begun on it.
    sessions: usize,
    calls: JoinSet<CallOutcome>,
    /// The sign-ins under way, each with how many had been given up before.
    sign_ins: JoinSet<(usize, Result<AdminSession, ApiError>)>,
    /// How many times signing in was given up: an answer to a sign-in from before doesn't count.
    given_up: usize,
    reading: InFlight,
    /// What tells the server that secrets have arrived.
    receipts: JoinSet<()>,
    /// What waits for a sign-in.
    parked: Vec<Request>,
    /// Whether the screen was asked for a sign-in, or will be when the server has answered.
    asking: bool,
    replies: mpsc::Sender<Reply>,
}

async fn run<C: Future<Output = Result<Connection, ApiError>>>(
    mut connect: impl FnMut(Option<String>) -> C,
    mut asked: mpsc::Receiver<Request>,
    replies: mpsc::Sender<Reply>,
    is_idle: watch::Sender<bool>,
) {
    // A closed channel means that the screen is gone.
    let connection = match connect(None).await {
        Ok(connection) => connection,
        Err(error) => return drop(replies.send(Reply::Connected(Err(error))).await),
    };
    let mut task = Task::new(connection, replies).await;
    let mut kept = KeptConnections::default();
    loop {
        is_idle.send_replace(task.calls.is_empty() && task.sign_ins.is_empty());
        tokio::select! {
            request = asked.recv() => match request {
                Some(Request::Connect(name)) => {
                    is_idle.send_replace(false);
                    task.finish_calls().await;
                    let next = match kept.take(&name) {
                        Some(connection) => Ok(connection),
                        None => connect(Some(name)).await,
                    };
                    match next {
                        Ok(connection) => {
                            kept.add(task.connection);
                            task = Task::new(connection, task.replies).await;
                        }
                        Err(error) => task.reply(Reply::Connected(Err(error))).await,
                    }
                }
                Some(request) => {
                    is_idle.send_replace(false);
                    task.take(request).await;
                }
                None => break,
            },
            Some(outcome) = task.calls.join_next() => {
                // A read that a newer one replaced was aborted.
                if let Ok(outcome) = outcome {
                    task.note(outcome).await;
                }
            }
            Some(signed_in) = task.sign_ins.join_next() => {
                match signed_in {
                    Ok((given_up, session)) if given_up == task.given_up => task.note_sign_in(session).await,
                    Ok((_, Ok(session))) => task.connection.end_other(&session).await,
                    Ok((_, Err(_))) | Err(_) => {}
                }
            }
        }
    }
    tokio::join!(task.end(), kept.end());
}

/// The connections to other profiles, by name: switching back needs no password while the session is valid.
#[derive(Default)]
struct KeptConnections(HashMap<String, Connection>);

impl KeptConnections {
    /// Keeps one that has a session; any other is quickly made again.
    fn add(&mut self, connection: Connection) {
        if connection.server.profile.signs_in && connection.client.has_session() {
            self.0.insert(connection.server.profile.name.clone(), connection);
        }
    }

    fn take(&mut self, name: &str) -> Option<Connection> {
        self.0.remove(name)
    }

    /// Ends the sessions that were begun on them, all at the same time.
    async fn end(self) {
        let mut ends: JoinSet<()> = JoinSet::new();
        for mut connection in self.0.into_values() {
            ends.spawn(async move { connection.end_session().await });
        }
        ends.join_all().await;
    }
}

impl Task {
    async fn new(connection: Connection, replies: mpsc::Sender<Reply>) -> Self {
        let _ = replies.send(Reply::Connected(Ok(connection.server.clone()))).await;
        let (calls, sign_ins, reading) = (JoinSet::new(), JoinSet::new(), InFlight::default());
        let (receipts, parked, asking) = (JoinSet::new(), Vec::new(), false);
        Self { connection, sessions: 0, calls, sign_ins, given_up: 0, reading, receipts, parked, asking, replies }
    }

    async fn reply(&self, reply: Reply) {
        let _ = self.replies.send(reply).await;
    }

    async fn take(&mut self, request: Request) {
        match request {
            Request::SignIn(credentials) => {
                let client = self.connection.client.clone();
                let given_up = self.given_up;
                self.sign_ins.spawn(async move {
                    (given_up, client.sign_in(&credentials.username, &credentials.password).await)
                });
            }
            Request::GiveUp => {
                self.given_up += 1;
                if !std::mem::take(&mut self.asking) {
                    // The answer was already on its way to the screen.
                    self.reading.stop();
                    self.connection.end_session().await;
                    self.connection.forget_session();
                }
                self.refuse_parked(&ApiError::NotSignedIn(Untrusted::new("sign in first"))).await;
            }
            Request::Delivered(id) => {
                let client = self.connection.client.clone();
                self.receipts.spawn(async move { client.delivered(&id).await });
            }
            Request::SignOut => {
                self.finish_receipts().await;
                let ended = self.connection.sign_out().await;
                self.reply(Reply::SignedOut(ended)).await;
            }
            request if answer::needs_session(&request) => match self.connection.needs_sign_in() {
                Err(error) => self.reply(answer::refuse(request, error)).await,
                Ok(true) => {
                    self.park(request);
                    if !std::mem::replace(&mut self.asking, true) {
                        let client = self.connection.client.clone();
                        self.calls.spawn(async move { CallOutcome::Found(client.find().await) });
                    }
                }
                Ok(false) => self.call(request),
            },
            request => self.call(request),
        }
    }

    fn call(&mut self, request: Request) {
        let about = self.reading.supersede(&request);
        let (client, replies, sessions) = (self.connection.client.clone(), self.replies.clone(), self.sessions);
        let may_sign_in = self.connection.server.profile.signs_in && answer::needs_session(&request);
        let call = self.calls.spawn(async move {
            let reply = answer::answer(&client, request.clone()).await;
            if may_sign_in && answer::is_denial(&reply) {
                return CallOutcome::Refused(sessions, request, Box::new(reply));
            }
            let _ = replies.send(reply).await;
            CallOutcome::Answered
        });
        if let Some(about) = about {
            self.reading.note(about, call);
        }
    }

    async fn note(&mut self, outcome: CallOutcome) {
        match outcome {
            CallOutcome::Answered => {}
            // It was another session's; the one that is there now must not be forgotten, which would leave it open.
            CallOutcome::Refused(sessions, request, _) if sessions != self.sessions => self.call(request),
            CallOutcome::Refused(_, request, _) => {
                self.park(request);
                if !std::mem::replace(&mut self.asking, true) {
                    self.reply(Reply::SignInNeeded).await;
                }
            }
            // It was given up meanwhile, or the sign-in has succeeded.
            CallOutcome::Found(_) if !self.asking => {}
            CallOutcome::Found(Ok(())) => self.reply(Reply::SignInNeeded).await,
            CallOutcome::Found(Err(error)) => {
                self.asking = false;
                self.refuse_parked(&error).await;
            }
        }
    }

    async fn note_sign_in(&mut self, session: Result<AdminSession, ApiError>) {
        match self.begin(session).await {
            Ok(who) => {
                self.asking = false;
                self.reply(Reply::SignedIn(Ok(who))).await;
                for request in std::mem::take(&mut self.parked) {
                    self.call(request);
                }
            }
            Err(error) => self.reply(Reply::SignedIn(Err(error))).await,
        }
    }

    /// Takes the session of a sign-in, and ends the one before.
    async fn begin(&mut self, session: Result<AdminSession, ApiError>) -> Result<Identity, ApiError> {
        let session = session?;
        self.connection.end_session().await;
        self.sessions += 1;
        self.connection.begin(&session)
    }

    /// Keeps a request until the user has signed in. A newer page takes an older one's place.
    fn park(&mut self, request: Request) {
        let same = std::mem::discriminant(&request);
        if matches!(request, Request::List(_) | Request::Count(_)) {
            self.parked.retain(|parked| std::mem::discriminant(parked) != same);
        }
        self.parked.push(request);
        self.connection.forget_session();
    }

    async fn refuse_parked(&mut self, error: &ApiError) {
        for request in std::mem::take(&mut self.parked) {
            self.reply(answer::refuse(request, error.clone())).await;
        }
    }

    /// Breaks off what is under way, and ends the session; also that of a sign-in that is about to be answered.
    async fn end(mut self) {
        self.calls.shutdown().await;
        self.finish_receipts().await;
        let _ = tokio::time::timeout(FAREWELL, self.drop_sign_ins()).await;
        self.connection.end_session().await;
    }

    /// Ends the sessions of sign-ins that were given up: nothing uses them.
    async fn drop_sign_ins(&mut self) {
        while let Some(signed_in) = self.sign_ins.join_next().await {
            if let Ok((_, Ok(session))) = signed_in {
                self.connection.end_other(&session).await;
            }
        }
    }

    /// Each takes as long as an end of a session at most.
    async fn finish_receipts(&mut self) {
        while self.receipts.join_next().await.is_some() {}
    }

    /// Lets what changes keys come to its end, and drops the rest: what follows is about another server.
    async fn finish_calls(&mut self) {
        self.reading.stop();
        self.refuse_parked(&ApiError::NotSignedIn(Untrusted::new("sign in first"))).await;
        while let Some(outcome) = self.calls.join_next().await {
            match outcome {
                Ok(CallOutcome::Refused(_, _, reply)) => self.reply(*reply).await,
                Ok(CallOutcome::Found(_) | CallOutcome::Answered) | Err(_) => {}
            }
        }
        self.drop_sign_ins().await;
        self.finish_receipts().await;
    }
}
