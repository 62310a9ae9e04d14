//! nginx as a proxy in front of the same replica, set to do what ours does.

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use acceptance_tests::poll;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What it is called in the records.
pub(crate) const NAME: &str = "nginx";

/// A running nginx. It ends with this.
pub(crate) struct Nginx {
    master: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// None if there is no nginx: `NGINX` names it, otherwise it is looked for where Debian puts it.
    pub(crate) fn start(upstream: SocketAddr) -> Option<Self> {
        let program = env::var_os("NGINX").map_or_else(|| PathBuf::from("/usr/sbin/nginx"), PathBuf::from);
        if !program.is_file() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = super::agent::free_address();
        let config = folder.path().join("nginx.conf");
        std::fs::write(&config, text(&folder, address, upstream)).expect("a writable folder");
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
        let master = command.spawn().expect("nginx starts");
        let nginx = Self { master, address, _folder: folder };
        poll("nginx to listen", || TcpStream::connect(address).ok());
        Some(nginx)
    }

    /// The processes that serve. The master listens before it starts them.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let master = self.master.id();
        let expected = std::thread::available_parallelism().map_or(1, usize::from);
        poll("the workers of nginx", || {
            let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
            let children = children.expect("a process");
            let workers = children.split_whitespace().map(|pid| pid.parse().expect("a number"));
            Some(workers.collect::<Vec<u32>>()).filter(|workers| workers.len() == expected)
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(master) = Pid::from_raw(self.master.id().cast_signed()) {
            // It ends its workers.
            let _ = kill_process(master, Signal::TERM);
        }
        let _ = self.master.wait();
    }
}

fn text(folder: &TempDir, address: SocketAddr, upstream: SocketAddr) -> String {
    let folder = folder.path().display();
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {folder}/{name};\n"))
        .concat();
    format!(
        "daemon off;
worker_processes auto;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
{places}  keepalive_requests 100000000;
  upstream replica {{
    server {upstream};
    keepalive 64;
    keepalive_requests 100000000;
  }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://replica;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Forwarded \"for=$remote_addr;host=\\\"$http_host\\\";proto=$scheme\";
    }}
  }}
}}
"
    )
}
