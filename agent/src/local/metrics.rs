//! The metrics of a service, on a port of their own.

use std::net::{Ipv4Addr, TcpListener};

use rollout::wire::Error;
use tokio::task::AbortHandle;

use crate::proxy::{Proxy, metrics};

/// Where Prometheus finds the counters of the proxy.
#[derive(Debug, Default)]
pub(super) enum Metrics {
    /// Nowhere.
    #[default]
    Off,
    /// There, as soon as there is a proxy.
    Waiting(TcpListener, u16),
    /// There.
    Serving(AbortHandle, u16),
}

impl Metrics {
    /// Takes the port of the settings. After an error the old one stays.
    pub(super) fn configure(&mut self, port: Option<u16>) -> Result<(), Error> {
        let now = match self {
            Self::Off => None,
            Self::Waiting(_, port) | Self::Serving(_, port) => Some(*port),
        };
        if now == port {
            return Ok(());
        }
        let next = match port {
            None => Self::Off,
            Some(port) => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| Error::Invalid {
                    what: "target.local.metrics_port".to_owned(),
                    why: format!("127.0.0.1:{port} cannot be opened ({error}): choose another port"),
                })?;
                Self::Waiting(listener, port)
            }
        };
        *self = next;
        Ok(())
    }

    /// Begins to serve what `proxy` counts.
    pub(super) fn serve(&mut self, service: &str, proxy: &Proxy) {
        if let Self::Waiting(listener, port) = self {
            let port = *port;
            let (Ok(listener), service, proxy) = (listener.try_clone(), service.to_owned(), proxy.clone()) else {
                return;
            };
            let task = tokio::spawn(async move {
                if let Err(error) = metrics::serve(listener, service, proxy).await {
                    tracing::error!(%error, port, "the metrics are served no more");
                }
            });
            *self = Self::Serving(task.abort_handle(), port);
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // The task holds the proxy, which would not end without that.
        if let Self::Serving(task, _) = self {
            task.abort();
        }
    }
}
