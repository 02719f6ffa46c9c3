//! Any bytes are a message or malformed; any message survives both encodings, as the same bytes each time.

use core::fmt::Debug;

use crate::{body_of, encoding, to_client, to_host};
use arbitrary::{Result, Unstructured};
use exchange_core::message::{Encoding, MAX_FRAME, ToClient, ToHost};
use serde::{Serialize, de::DeserializeOwned};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: &T) {
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let body = body_of(encoding, message);
        let read = encoding.decode::<T>(&body);
        assert_eq!(read.as_ref(), Ok(message), "{encoding:?}");
        assert_eq!(body_of(encoding, message), body);
        assert!(encoding.decode::<T>(&[&body[..], b"0"].concat()).is_err(), "a byte left over");
        assert!(encoding.decode::<T>(&body[..body.len() - 1]).is_err(), "a byte missing");
    }
}

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=3)? {
        0 => survives(&to_host(u)?),
        1 => survives(&to_client(u)?),
        way => {
            let encoding = encoding(u)?;
            let bytes = u.bytes(u.len())?;
            if bytes.len() > MAX_FRAME {
                return Ok(());
            }
            if way == 2 {
                encoding.decode(bytes).iter().for_each(survives::<ToHost>);
            } else {
                encoding.decode(bytes).iter().for_each(survives::<ToClient>);
            }
        }
    }
    Ok(())
}
