//! What a device keeps of its own, session by session: who it is, and who hosts the sessions it has been in.
//!
//! Both are files that nobody but their owner may read. An application chooses where they are; whoever wants neither is
//! somebody new each time, and knows nobody again.
//!
//! ```no_run
//! use exchange_driver::device::{KnownHost, KnownHosts, identity};
//! # use exchange_driver::core::SessionName;
//!
//! let me = identity("identity".as_ref())?;
//! println!("I am {}.", me.peer());
//!
//! let hosts = KnownHosts::at("hosts");
//! let lab: SessionName = "Lab 3".parse()?;
//! if let Some(KnownHost { peer, .. }) = hosts.get(&lab)? {
//!     println!("The last time {lab} was hosted by {peer}.");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod hosts;
mod identity;
mod private;

pub use self::{
    hosts::{KnownHost, KnownHosts},
    identity::{IdentityError, identity, identity_text, keep_identity, parse_identity, replace_identity},
};
