// Doc tests pass it over: it is one program in pieces, which is built and run as an example.
#![cfg_attr(not(doctest), doc = include_str!("../docs/write-a-driver.md"))]
//!
//! [`ByteStream`]: crate::ByteStream
//! [`Connection::close`]: crate::Connection::close
//! [`Listener`]: crate::Listener
//! [`Runtime`]: crate::Runtime
//! [`Timer`]: crate::Timer

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_shows_all_of_the_adapter_that_is_run_in_its_order() {
        let page = include_str!("../docs/write-a-driver.md");
        let blocks = page.split("```rust\n").skip(1).map(|rest| rest.split_once("```\n").unwrap().0);
        let shown: Vec<_> = blocks.collect();
        assert_eq!(shown.join("\n"), include_str!("../examples/smol/adapter.rs"));
    }
}
