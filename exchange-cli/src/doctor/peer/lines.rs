//! Lines over TCP: none is longer than whoever reads it allows.

use std::io;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A connection on which lines are said.
#[derive(Debug)]
pub(super) struct Lines(BufReader<TcpStream>);

impl Lines {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    pub(super) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    /// Says a line.
    pub(super) async fn say(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(&[line.as_bytes(), b"\n"].concat()).await
    }

    /// The next line, without its end.
    ///
    /// # Errors
    ///
    /// If it is longer than that many bytes, or is no text, or there is none any more.
    pub(super) async fn next(&mut self, longest: usize) -> io::Result<String> {
        let mut line = Vec::new();
        let with_end = (&mut self.0).take(longest as u64 + 1).read_until(b'\n', &mut line).await?;
        match line.pop() {
            Some(b'\n') => String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into()),
            _ if with_end > longest => Err(io::ErrorKind::InvalidData.into()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{io::Interest, net::TcpListener};

    use super::*;

    async fn pair() -> (Lines, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dialled, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        (Lines::new(accepted.unwrap().0), dialled.unwrap())
    }

    /// What comes of these bytes, for somebody who reads lines of up to eight.
    async fn read(bytes: &[u8]) -> Vec<Result<String, io::ErrorKind>> {
        let (mut lines, other) = pair().await;
        other.async_io(Interest::WRITABLE, || other.try_write(bytes)).await.unwrap();
        drop(other);
        let mut read = Vec::new();
        loop {
            read.push(lines.next(8).await.map_err(|error| error.kind()));
            if read.last().is_some_and(Result::is_err) {
                return read;
            }
        }
    }

    #[tokio::test]
    async fn lines_are_read_one_by_one_and_none_is_longer_than_allowed() {
        let (end, wrong) = (|| Err(io::ErrorKind::UnexpectedEof), || Err(io::ErrorKind::InvalidData));
        assert_eq!(
            read(b"one\n\n12345678\n").await,
            [Ok("one".into()), Ok(String::new()), Ok("12345678".into()), end()]
        );
        assert_eq!(read(b"one\n123456789\n").await, [Ok("one".into()), wrong()]);
        assert_eq!(read(&[b'x'; 5000]).await, [wrong()]);
        assert_eq!(read(b"\xff\n").await, [wrong()]);
        assert_eq!(read(b"half").await, [end()]);
    }

    #[tokio::test]
    async fn a_line_that_is_said_is_read() {
        let (mut lines, other) = pair().await;
        Lines::new(other).say("all is well").await.unwrap();
        assert_eq!(lines.next(20).await.unwrap(), "all is well");
    }
}
