//! Connections: how many there may be, how long they may take, and how they end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at a time; further ones wait until one ends.
const CONNECTIONS_MAX: usize = 256;

/// How long a client may take for the head of a request, and be silent between two requests.
const HEAD_WAIT: Duration = Duration::from_secs(30);

/// How long requests that are under way may take when the daemon ends.
const END_WAIT: Duration = Duration::from_secs(5);

/// Pause after a connection could not be accepted, which happens when the process has too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers requests until `stop` comes true.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let ending = GracefulShutdown::new();
    let accepting = accept(&listener, &router, &places, &ending);
    tokio::select! {
        () = stop => {}
        () = accepting => {}
    }
    drop(listener);
    // A client that takes its time must not keep the daemon from ending.
    let _ = tokio::time::timeout(END_WAIT, ending.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    router: &Router,
    places: &Arc<Semaphore>,
    ending: &GracefulShutdown,
) {
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = connect(stream, router.clone());
                let connection = ending.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "connection broke");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn connect(
    stream: TcpStream,
    router: Router,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::routing::get;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn connections_are_served_until_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(|| async { "here" }));
        let stop_wish = async { stopped.await.unwrap_or_default() };
        let server = tokio::spawn(serve(listener, router, stop_wish));
        let client = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"here") {
                let mut bytes = [0; 1000];
                let count = stream.read(&mut bytes).unwrap();
                assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
                answer.extend_from_slice(&bytes[..count]);
            }
            stop.send(()).unwrap();
            // The connection would be good for more requests, but the server ends it.
            (stream.read_to_end(&mut Vec::new()).unwrap(), answer)
        });
        let (rest, answer) = client.await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(rest, 0);
        server.await.unwrap();
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }
}
