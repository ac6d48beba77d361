//! Measures timers of tokio by the clocks of the Rust library, one line each: NAME WANTED MEASURED, in nanoseconds.
//! tokio rounds its timers up to milliseconds itself. Those of the standard library are exact.

use std::future::Future;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

fn print(name: &str, wanted: Duration, begun: Instant) {
    println!("{} {} {}", name, wanted.as_nanos(), begun.elapsed().as_nanos());
}

fn standard(wanted: Duration) {
    let begun = Instant::now();
    std::thread::sleep(wanted);
    print("thread_sleep", wanted, begun);
    let begun = Instant::now();
    let (mutex, condition) = (Mutex::new(()), Condvar::new());
    assert!(condition.wait_timeout(mutex.lock().unwrap(), wanted).unwrap().1.timed_out());
    print("condvar", wanted, begun);
    // The library waits again until the clock shows more than its end: it spins there, and is moved on.
    let begun = Instant::now();
    let late = condition.wait_timeout_while(mutex.lock().unwrap(), wanted, |_| true).unwrap();
    assert!(late.1.timed_out());
    print("condvar_while_ms", wanted, begun);
    let begun = Instant::now();
    std::thread::park_timeout(wanted);
    print("park", wanted, begun);
    let begun = Instant::now();
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    assert!(receiver.recv_timeout(wanted).is_err());
    print("channel", wanted, begun);
}

async fn measure<F: Future>(name: &str, wanted: Duration, wait: F) {
    let begun = Instant::now();
    wait.await;
    print(name, wanted, begun);
}

async fn many() {
    let tasks: Vec<_> = (0..1000u64)
        .map(|i| tokio::spawn(async move { sleep(Duration::from_millis(i)).await }))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A server that answers after five seconds, and a caller whose patience is two.
async fn network(patience: Duration) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        sleep(Duration::from_secs(5)).await;
        let _ = socket.write_all(b"x").await;
    });
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut byte = [0u8];
    timeout(patience, socket.read_exact(&mut byte)).await.is_ok()
}

fn main() {
    let waits = [1, 250, 60_000, 864_000_000].map(Duration::from_millis);
    for wanted in waits {
        standard(wanted);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for wanted in waits {
            measure("sleep_ms", wanted, sleep(wanted)).await;
        }
        measure("thousand_ms", Duration::from_millis(999), many()).await;
        let cut = Arc::new(tokio::sync::Notify::new());
        measure("timeout_ms", Duration::from_secs(7), timeout(Duration::from_secs(7), cut.notified())).await;
        measure("network_ms", Duration::from_secs(5), async { assert!(network(Duration::from_secs(10)).await) }).await;
        measure("patience_ms", Duration::from_secs(2), async { assert!(!network(Duration::from_secs(2)).await) }).await;
    });
}
