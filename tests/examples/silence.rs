//! Listens at a TCP port, answers nobody, and goes on until it is killed: a program that has a port which others want.
//!
//! ```console
//! $ silence ADDRESS:PORT
//! ```

use std::{env, error::Error, net::TcpListener};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(env::args().nth(1).ok_or("an address is needed")?)?;
    println!("listening");
    let mut held = Vec::new();
    for stream in listener.incoming() {
        held.push(stream?);
    }
    Ok(())
}
