//! All sinks together, as the daemon runs them.

use std::sync::Arc;

use bellwether_store::AlertState::{Dead, Sent};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::receiver::{Receiver, Reply};
use super::*;
use crate::alert::deliver;
use EventKind::{Opened, Resolved};

/// The router at work.
struct Router {
    wake: Arc<Notify>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Router {
    fn start(desk: &Desk) -> Router {
        let wake = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel();
        let config = Arc::new(desk.config.clone());
        let (keeper, woken) = (desk.keeper.clone(), wake.clone());
        let task = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            deliver(keeper, config, clock, woken, stopped).await.unwrap();
        });
        Router { wake, stop, task }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn a_sink_that_hangs_does_not_hold_up_the_others() {
    let (mut hanging, mut fine) = (Receiver::up(), Receiver::up());
    let sinks = format!(
        "sinks: [{{name: hangs, url: \"{}\"}}, {{name: fine, url: \"{}\"}}]",
        hanging.url(),
        fine.url()
    );
    hanging.will_answer(&vec![Reply::Silence; 10]);
    let desk = Desk::new(config(&["cooldown_s: 0", "timeout_s: 300", &sinks]));
    desk.commit(&[event("a", Opened)]).await;
    let router = Router::start(&desk);
    assert_eq!(hanging.request().await.said(), "a opened");
    assert_eq!(fine.request().await.said(), "a opened");
    for id in ["b", "c", "d"] {
        desk.commit(&[event(id, Opened), event(id, Resolved)]).await;
        router.wake.notify_one();
        assert_eq!(fine.request().await.said(), format!("{id} opened"));
        assert_eq!(fine.request().await.said(), format!("{id} resolved"));
    }
    router.stop().await;
    assert_eq!(hanging.said(), [""; 0], "it hangs in the first one");
    let of_fine = desk.alerts().into_iter().filter(|alert| alert.sink == "fine");
    let states: Vec<_> = of_fine.map(|alert| alert.state).collect();
    // Whether the last one was marked before the stop is chance; it would be sent again.
    assert_eq!(states[..6], [Sent; 6]);
}

#[tokio::test]
async fn a_router_that_is_started_again_goes_on() {
    let mut receiver = Receiver::down();
    let desk = Desk::for_webhook(&receiver.url(), "", &[]);
    desk.commit(&[event("a", Opened), event("b", Opened)]).await;
    receiver.go_up();
    for kind in [Opened, Resolved] {
        let router = Router::start(&desk);
        let mut said = [receiver.request().await.said(), receiver.request().await.said()];
        said.sort_unstable();
        let word = if kind == Opened { "opened" } else { "resolved" };
        assert_eq!(said, [format!("a {word}"), format!("b {word}")]);
        router.stop().await;
        desk.commit(&[event("a", Resolved), event("b", Resolved)]).await;
    }
}

#[tokio::test]
async fn alerts_to_former_sinks_are_given_up() {
    let receiver = Receiver::down();
    let mut desk = Desk::for_webhook(&receiver.url(), "", &[]);
    desk.commit(&[event("a", Opened)]).await;
    desk.config = config(&["resolved: true"]);
    Router::start(&desk).stop().await;
    assert_eq!(desk.states(), [(Dead, 0)]);
    let reason = desk.alerts()[0].reason.clone();
    assert_eq!(reason.as_deref(), Some("no sink of this name is configured"));
}
