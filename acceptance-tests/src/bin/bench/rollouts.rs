//! The agent: its proxy beside nginx, how fast a bad version is taken back, its memory, and its return after a kill.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use acceptance_tests::load::{Call, Load, Mix};
use acceptance_tests::poll;
use rollout::wire::Happening;

use crate::agent::{Agent, free_address};
use crate::median;
use crate::nginx::{self, Nginx};
use crate::record::{Aim, Peer, Record};
use crate::start::resident;
use crate::traffic::Proxy;

const SERVICE: &str = "bench";
const ROUNDS: usize = 5;
/// Revisions that run when the memory is measured.
const REVISIONS: usize = 20;

pub(crate) fn measure() -> Vec<Record> {
    let mut agent = Agent::start();
    let address = free_address();
    agent.roll_out(SERVICE, address, "v1", 0);
    agent.await_version(SERVICE, "v1");
    let mut records = beside_nginx(&agent, address);
    let record = |name: &str, unit, ours, aim| Record { name: name.to_owned(), unit, ours, peer: Peer::None, aim };
    let back = median((0..3).map(|round| taken_back(&agent, address, &format!("bad-{round}"))).collect());
    records.push(record("verdict to the last request", "s", back, Aim::Ours(1.0)));
    let again = median((0..ROUNDS).map(|_| serving_again(&mut agent, address)).collect());
    records.push(record("kill -9 to serving again", "s", again, Aim::None));
    for number in 1..REVISIONS {
        agent.roll_out(&format!("{SERVICE}-{number}"), free_address(), &format!("v1-{number}"), 0);
    }
    for number in 1..REVISIONS {
        agent.await_version(&format!("{SERVICE}-{number}"), &format!("v1-{number}"));
    }
    records.push(record("agent memory, 20 revisions", "MB", resident(agent.process()), Aim::None));
    records
}

/// The proxy and nginx in turn, before the same replica.
fn beside_nginx(agent: &Agent, address: SocketAddr) -> Vec<Record> {
    let ours = Proxy { address, processes: vec![agent.process()] };
    let nginx = Nginx::start(agent.replica("v1"));
    let peer = nginx.as_ref().map(|nginx| Proxy { address: nginx.address, processes: nginx.workers() });
    let compare = |name: &str, unit, measure: fn(&Proxy) -> f64, aim| {
        let (mut our_figures, mut peer_figures) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            our_figures.push(measure(&ours));
            peer_figures.extend(peer.as_ref().map(measure));
        }
        let peer =
            if peer.is_some() { Peer::Of(nginx::NAME, median(peer_figures)) } else { Peer::Missing(nginx::NAME) };
        Record { name: name.to_owned(), unit, ours: median(our_figures), peer, aim }
    };
    vec![
        compare("proxied requests a CPU second", "1/s", Proxy::rate, Aim::RatioAtLeast(0.8)),
        compare("proxied p99 at 1,000/s", "ms", Proxy::p99, Aim::RatioAtMost(1.5)),
    ]
}

/// Seconds from the verdict on a version that fails every other request to the last request that is sent to it, while 1,000 a
/// second come in.
fn taken_back(agent: &Agent, address: SocketAddr, version: &str) -> f64 {
    let load = Load::new(address, Mix::of([(1, Call::get("/"))]), 1_000.0).duration(Duration::from_mins(1));
    let load = load.start().expect("a load that can be made");
    let before = agent.last_event(SERVICE);
    agent.roll_out(SERVICE, address, version, 2);
    let events = agent.await_return(SERVICE, before);
    load.stop_blocking();
    let verdict = events.iter().find(|event| matches!(event.happening, Happening::TakingBack { .. }));
    let verdict = verdict.expect("the version was taken back").at.0;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one rollout")]
    let millis = (agent.last_request(version) - verdict).max(0) as f64;
    millis / 1_000.0
}

/// Seconds from SIGKILL to the next answer of the service, when the agent is started again at once.
fn serving_again(agent: &mut Agent, address: SocketAddr) -> f64 {
    let begun = Instant::now();
    agent.restart();
    poll("the service to answer again", || answers(address).then_some(()));
    begun.elapsed().as_secs_f64()
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut status = [0; 12];
    let asked = stream.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
    asked.and_then(|()| stream.read_exact(&mut status)).is_ok() && &status == b"HTTP/1.1 200"
}
