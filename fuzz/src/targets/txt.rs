//! Any TXT properties are a session's record or are not; a record that was read says the same again.

use arbitrary::{Result, Unstructured};
use exchange_core::discovery::{PeerRecord, TXT_MAX_BYTES, TxtError, instance_name, instance_session};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

const KEYS: [&str; 10] = ["v", "id", "n", "h", "p", "V", "x-a", "X-a", "x-", "x-topic"];
const VALUES: [&str; 10] =
    ["1", "1-3", "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5", "Standup", "ana", "3", "+3", "2-1", "", "-"];

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    if let Some(session) = instance_session(u.arbitrary()?) {
        assert_eq!(instance_session(&instance_name(session)), Some(session));
    }
    let mut txt: Vec<(&str, &[u8])> = Vec::new();
    if u.arbitrary()? {
        txt.extend(["v", "id", "n", "h", "p"].into_iter().zip([0, 2, 3, 4, 5].map(|index| VALUES[index].as_bytes())));
    }
    let place = u.int_in_range(0..=txt.len())?;
    for _ in 0..u.int_in_range(0..=12_u8)? {
        let key = if u.ratio(7, 8)? { *u.choose(&KEYS)? } else { u.arbitrary()? };
        let value = if u.arbitrary()? { u.choose(&VALUES)?.as_bytes() } else { u.arbitrary()? };
        txt.insert(place, (key, value));
    }
    let port = u.arbitrary()?;
    let record = match PeerRecord::from_txt(txt.iter().copied(), port) {
        Ok(record) => record,
        Err(TxtError::TooLarge) => {
            assert!(txt.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>() > TXT_MAX_BYTES);
            return Ok(());
        }
        Err(_) => return Ok(()),
    };
    let said = record.to_txt();
    let size: usize = said.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
    assert!(size <= TXT_MAX_BYTES, "{size} bytes");
    assert!(said.iter().all(|(key, value)| key.len() + 1 + value.len() <= 255), "an item that DNS cannot carry");
    let again = PeerRecord::from_txt(said.iter().map(|(key, value)| (key.as_str(), value.as_bytes())), port);
    assert_eq!(again, Ok(record));
    Ok(())
}
