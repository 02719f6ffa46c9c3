//! Lines over TCP: none is longer than whoever reads it allows.

use std::{io, mem};

use tokio::{io::Interest, net::TcpStream};

/// A connection on which lines are said.
#[derive(Debug)]
pub(super) struct Lines {
    stream: TcpStream,
    /// What came after the last line that was read.
    ahead: Vec<u8>,
}

impl Lines {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Says a line.
    pub(super) async fn say(&self, line: &str) -> io::Result<()> {
        let bytes = [line.as_bytes(), b"\n"].concat();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let written = self.stream.async_io(Interest::WRITABLE, || self.stream.try_write(rest)).await?;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// The next line, without its end.
    ///
    /// # Errors
    ///
    /// If it is longer than that many bytes, or is no text, or there is none any more.
    pub(super) async fn next(&mut self, longest: usize) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n')
                && end <= longest
            {
                let rest = self.ahead.split_off(end + 1);
                let mut line = mem::replace(&mut self.ahead, rest);
                line.truncate(end);
                return String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into());
            }
            if self.ahead.len() > longest {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut more = [0; 512];
            let length = self.stream.async_io(Interest::READABLE, || self.stream.try_read(&mut more)).await?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.ahead.extend(more.iter().take(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

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
