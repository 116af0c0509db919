//! A wire between a device and the service that is cut again and again, at any byte, in either direction.
//!
//! Knows nothing of HTTP: it counts bytes. Headers, bodies and the space between two calls are all the same
//! to it.
//!
//! Rule: which bytes are cut at follows from the seed and the order of connections alone.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

use crate::people::Dice;

/// A bad wire; gone when dropped.
pub struct BadWire {
    address: SocketAddr,
    left: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

/// Bytes until the cut, up and down; both are counted down while they pass.
#[derive(Clone, Copy)]
struct Budget {
    up: u64,
    down: u64,
}

impl BadWire {
    /// Lays a wire to the service; it is cut that often, then it is good.
    pub async fn to(service: SocketAddr, seed: u64, cuts: u64) -> BadWire {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("BUG: it is bound");
        let left = Arc::new(AtomicU64::new(cuts));
        let task = tokio::spawn(serve(listener, service, Mutex::new(Dice(seed)), Arc::clone(&left)));
        BadWire { address, left, task }
    }

    /// Returns where devices reach the service.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts it that often from now on.
    pub fn cut(&self, times: u64) {
        self.left.store(times, Ordering::SeqCst);
    }
}

impl Drop for BadWire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, service: SocketAddr, dice: Mutex<Dice>, left: Arc<AtomicU64>) {
    while let Ok((device, _)) = listener.accept().await {
        let budget = budget(&mut dice.lock().expect("BUG: nothing panics while it is held"));
        let left = Arc::clone(&left);
        tokio::spawn(async move {
            if let Ok(service) = TcpStream::connect(service).await {
                carry(device, service, budget, &left).await;
            }
        });
    }
}

/// Small numbers hit headers, large ones bodies.
fn budget(dice: &mut Dice) -> Budget {
    let bytes = match dice.below(3) {
        0 => dice.below(900),
        1 => dice.below(20_000),
        _ => dice.below(3_000_000),
    };
    match dice.below(2) {
        0 => Budget { up: bytes, down: u64::MAX },
        _ => Budget { up: u64::MAX, down: bytes },
    }
}

/// Both ends see the connection close when either direction has used its budget up.
async fn carry(device: TcpStream, service: TcpStream, budget: Budget, left: &AtomicU64) {
    let (from_device, to_device) = device.into_split();
    let (from_service, to_service) = service.into_split();
    tokio::select! {
        () = pass(from_device, to_service, budget.up, left) => {}
        () = pass(from_service, to_device, budget.down, left) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, budget: u64, left: &AtomicU64) {
    let mut piece = vec![0; 16 * 1024];
    let mut passed = 0;
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let may_pass = budget.saturating_sub(passed).min(read as u64) as usize;
        let is_cut = may_pass < read
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |cuts| cuts.checked_sub(1)).is_ok();
        let count = if is_cut { may_pass } else { read };
        if to.write_all(&piece[..count]).await.is_err() || is_cut {
            return;
        }
        passed += count as u64;
    }
}
