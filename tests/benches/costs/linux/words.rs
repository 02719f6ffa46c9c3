//! What is said: texts of a given length that tell who says them, and which of theirs it is.

use std::{io, str};

/// How long a text is at least: as long as what it tells.
pub(super) const LEAST: usize = 12;

/// Something that somebody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) talker: u16,
    /// The first is 0.
    pub(super) number: u32,
}

impl Words {
    pub(super) fn text(self, length: usize) -> String {
        let Self { talker, number } = self;
        format!("{talker:04x}{number:08x}{:x<1$}", "", length.saturating_sub(LEAST))
    }

    /// What such a text tells.
    pub(super) fn read(text: &[u8], length: usize) -> io::Result<Self> {
        let words = str::from_utf8(text).ok().and_then(|text| {
            let (talker, number) = (text.get(..4)?, text.get(4..LEAST)?);
            Some(Self { talker: u16::from_str_radix(talker, 16).ok()?, number: u32::from_str_radix(number, 16).ok()? })
        });
        let words = words.filter(|words| words.text(length).as_bytes() == text);
        words.ok_or_else(|| io::Error::other(format!("nobody said: {}", String::from_utf8_lossy(text))))
    }
}
