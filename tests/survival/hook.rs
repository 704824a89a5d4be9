//! The receiving end of a webhook, on a port that is its own before anybody listens there.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpSocket;

/// Who is told nothing for so long need not wait any longer.
const SILENCE_S_MAX: u64 = 120;

/// A port that refuses connections.
pub(super) struct Hook {
    address: SocketAddr,
    socket: TcpSocket,
}

/// What comes in at a port at which somebody listens.
pub(super) struct Heard(Receiver<Told>);

/// An alert that has arrived.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// Which alert it is, by its header.
    pub(super) key: String,
    pub(super) body: Value,
}

impl Hook {
    /// Keeps a port while nobody listens there, so that it is no other's meanwhile.
    pub(super) fn down() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        Hook { address, socket }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Listens from now on, until the test ends.
    pub(super) fn go_up(self) -> Heard {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let listener = runtime
            .expect("a runtime")
            .block_on(async { self.socket.listen(64).and_then(tokio::net::TcpListener::into_std) });
        let listener = listener.expect("the port is free");
        listener.set_nonblocking(false).expect("a listener can wait");
        let (sender, heard) = channel();
        thread::spawn(move || listen(&listener, &sender));
        Heard(heard)
    }
}

impl Heard {
    /// The next alert, once it is there.
    pub(super) fn next(&self) -> Told {
        self.0.recv_timeout(Duration::from_secs(SILENCE_S_MAX)).expect("somebody tells something")
    }
}

fn listen(listener: &TcpListener, sender: &Sender<Told>) {
    for stream in listener.incoming() {
        // A daemon that is killed while it sends leaves half a request.
        let Ok(told) = stream.and_then(|stream| receive(&stream)) else { continue };
        if sender.send(told).is_err() {
            return;
        }
    }
}

/// Reads a request and says that all is well.
fn receive(mut stream: &TcpStream) -> Result<Told> {
    let mut reader = BufReader::new(stream);
    let (mut key, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(": ") else {
            match line.as_str() {
                "\r\n" => break,
                "" => return Err(ErrorKind::UnexpectedEof.into()),
                _ => continue,
            }
        };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().map_err(Error::other)?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).expect("an alert is JSON");
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")?;
    Ok(Told { key: key.expect("an alert has a key"), body })
}
