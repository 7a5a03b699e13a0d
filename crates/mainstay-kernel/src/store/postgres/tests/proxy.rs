use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::trial::base_url;
use crate::Owned;

/// Stands between the store and the server: notes what is sent in which turn, and cuts.
pub(super) struct Proxy {
    url: String,
    state: Arc<Mutex<State>>,
    _tasks: Owned,
}

#[derive(Default)]
struct State {
    turns: Vec<Vec<String>>,
    cut: Option<Cut>,
    refusing: bool,
}

/// Where a connection is cut, once a message of this text passes.
#[derive(Clone)]
pub(super) enum Cut {
    /// The server never gets it, and keeps its side open.
    Before(&'static str),
    /// The server answers it, and the answer gets lost.
    After(&'static str),
}

impl Proxy {
    /// A proxy for `url`.
    pub(super) async fn of(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server =
            base_url().split_once('@').and_then(|(_, rest)| rest.split_once('/')).unwrap().0.to_owned();
        let (state, tasks) = (Arc::<Mutex<State>>::default(), Owned::new());
        let (shared, spawner) = (Arc::clone(&state), tasks.clone());
        tasks.spawn("proxy", async move {
            while let Ok((client, _)) = listener.accept().await {
                if shared.lock().unwrap().refusing {
                    continue;
                }
                let upstream = TcpStream::connect(&server).await.unwrap();
                spawner.spawn("proxied", pump(client, upstream, Arc::clone(&shared)));
            }
        });
        let url = url.replace(
            &base_url().split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned(),
            &format!("127.0.0.1:{port}"),
        );
        Self { url, state, _tasks: tasks }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What was sent since the last call: a turn ends when the server speaks.
    pub(super) fn turns(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.state.lock().unwrap().turns)
    }

    pub(super) fn cut(&self, cut: Cut) {
        self.state.lock().unwrap().cut = Some(cut);
    }

    /// From now on new connections are closed at once.
    pub(super) fn refuse(&self) {
        self.state.lock().unwrap().refusing = true;
    }
}

async fn pump(mut client: TcpStream, mut server: TcpStream, state: Arc<Mutex<State>>) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let (mut wire, mut answered) = (Wire::default(), true);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let said = wire.read(&up[..length]);
                let cut = {
                    let mut state = state.lock().unwrap();
                    if answered {
                        state.turns.push(Vec::new());
                    }
                    state.turns.last_mut().unwrap().extend(said.iter().cloned());
                    let hit = |mark: &str| said.iter().any(|it| it.contains(mark));
                    state.cut.take_if(|cut| match cut { Cut::Before(mark) | Cut::After(mark) => hit(mark) })
                };
                answered = false;
                match cut {
                    None => server.write_all(&up[..length]).await.unwrap(),
                    Some(Cut::Before(_)) => {
                        drop(client);
                        // Until the server ends it.
                        while matches!(server.read(&mut down).await, Ok(1..)) {}
                        return;
                    }
                    Some(Cut::After(_)) => {
                        server.write_all(&up[..length]).await.unwrap();
                        // One answer for each statement of the last turn.
                        let mut answers = Wire { started: true, ..Wire::default() };
                        let mut open = said.len();
                        while open > 0 {
                            let length = server.read(&mut down).await.unwrap();
                            open -= answers.tags(&down[..length]).iter().filter(|tag| **tag == b'Z').count();
                        }
                        return;
                    }
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                answered = true;
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads messages of PostgreSQL's protocol, version 3.
#[derive(Default)]
struct Wire {
    rest: Vec<u8>,
    started: bool,
    texts: HashMap<String, String>,
    bound: String,
}

impl Wire {
    fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some((tag, body)) = self.next() {
            let mut parts =
                body.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
            let mut part = || parts.next().unwrap_or_default();
            match tag {
                b'Q' => said.push(part()),
                b'P' => {
                    let (name, text) = (part(), part());
                    said.push(format!("prepare {text}"));
                    self.texts.insert(name, text);
                }
                b'B' => {
                    self.bound = self
                        .texts
                        .get(&{
                            part();
                            part()
                        })
                        .cloned()
                        .unwrap_or_default()
                }
                b'E' => said.push(self.bound.clone()),
                _ => {}
            }
        }
        said
    }

    fn tags(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(bytes);
        std::iter::from_fn(|| self.next().map(|(tag, _)| tag)).collect()
    }

    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        // The first message has no tag.
        let head = usize::from(self.started);
        let length = self.rest.get(head..head + 4)?;
        let end = head + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if self.rest.len() < end {
            return None;
        }
        let message: Vec<u8> = self.rest.drain(..end).collect();
        let tag = if self.started { message[0] } else { 0 };
        self.started = true;
        Some((tag, message[head + 4..].to_vec()))
    }
}

/// How long a test waits for what must come.
pub(super) const SOON: Duration = Duration::from_secs(20);
