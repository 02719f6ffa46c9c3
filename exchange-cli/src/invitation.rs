//! Where a session is, who hosts it and how one comes in, as one link: to be sent to somebody, or shown as a QR code.
//!
//! ```text
//! exchange://192.168.1.5:27027/?host=c4642868a02f20e81dfffc68e3fee66e&code=7-orbit-kitten
//! ```

use std::{fmt, net::SocketAddr, str::FromStr};

use exchange_tokio::core::{JoinCode, PeerId};
use fast_qr::{ECL, QRBuilder};

const SCHEME: &str = "exchange://";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) address: SocketAddr,
    /// Who is there; whoever follows the link believes nobody else.
    pub(crate) host: PeerId,
    /// What newcomers are asked for.
    pub(crate) code: Option<JoinCode>,
}

impl Invitation {
    /// The lines of its QR code, to be read off a dark terminal; `None` if there is none for that much.
    pub(crate) fn qr(&self) -> Option<Vec<String>> {
        let code = QRBuilder::new(self.to_string()).ecl(ECL::L).build().ok()?;
        Some(code.to_str().lines().map(str::to_owned).collect())
    }

    /// Whether a text is to be one.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.trim_start().get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, host, code } = self;
        write!(f, "{SCHEME}{address}/?host={host}")?;
        code.map_or(Ok(()), |code| write!(f, "&code={code}"))
    }
}

impl FromStr for Invitation {
    type Err = String;

    /// Reads a link, also one with more in it than is known here.
    fn from_str(text: &str) -> Result<Self, String> {
        let broken = || format!("it is no whole link, which is {SCHEME}ADDRESS:PORT/?host=ID");
        let rest = if Self::is_meant(text) { text.trim().get(SCHEME.len()..) } else { None };
        let (address, query) = rest.and_then(|rest| rest.split_once("/?")).ok_or_else(broken)?;
        let value = |key| query.split('&').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == key));
        let (_, host) = value("host").ok_or_else(broken)?;
        let code = value("code").map(|(_, code)| code.parse().map_err(|error| format!("{error}"))).transpose()?;
        Ok(Self {
            address: address.parse().map_err(|_| broken())?,
            host: PeerId::parse(host).ok_or_else(broken)?,
            code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(code: Option<&str>) -> Invitation {
        Invitation {
            address: "192.168.1.5:27027".parse().unwrap(),
            host: PeerId::from_bytes([0xc4; 16]),
            code: code.map(|code| code.parse().unwrap()),
        }
    }

    #[test]
    fn a_link_is_read_as_it_was_written() {
        let link = "exchange://192.168.1.5:27027/?host=c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4";
        assert_eq!(invitation(None).to_string(), link);
        for invitation in [invitation(None), invitation(Some("7-orbit-kitten"))] {
            assert_eq!(invitation.to_string().parse(), Ok(invitation));
        }
        let v6 = Invitation { address: "[fd00::7]:9".parse().unwrap(), ..invitation(None) };
        assert_eq!(v6.to_string().parse(), Ok(v6));
        assert_eq!(format!(" EXCHANGE{}&later=1\n", &link["exchange".len()..]).parse(), Ok(invitation(None)));
    }

    #[test]
    fn what_is_not_a_whole_link_is_none() {
        let whole = invitation(Some("7-orbit-kitten")).to_string();
        let shorter = (0..whole.find('&').unwrap()).map(|length| &whole[..length]);
        assert!(shorter.into_iter().all(|part| part.parse::<Invitation>().is_err()));
        for text in
            [&whole.replace("kitten", "kitteh"), &whole.replace(":27027", ""), "http://192.168.1.5:27027/?host="]
        {
            assert!(text.parse::<Invitation>().is_err(), "{text}");
        }
        assert!(Invitation::is_meant("exchange://x") && !Invitation::is_meant("Lab 3") && !Invitation::is_meant("é"));
    }

    #[test]
    fn the_longest_fits_into_a_code_that_a_terminal_has_room_for() {
        let longest = Invitation {
            address: "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().unwrap(),
            ..invitation(Some("99-abstract-abstract"))
        };
        let lines = longest.qr().unwrap();
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 60 && lines.len() <= 30, "{widest} x {}", lines.len());
    }
}
