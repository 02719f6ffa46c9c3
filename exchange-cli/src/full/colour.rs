//! What colours are on terminals, and how well they can be read on each other.

use ratatui::style::Color;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    None,
    Sixteen,
    Many,
    All,
}

/// A colour as somebody has chosen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The terminal's own.
    Own,
    /// One of the sixteen that every terminal has its own shades of.
    Named(u8),
    Rgb([u8; 3]),
}

/// What is recommended for text.
pub(crate) const READABLE: f64 = 4.5;

/// A colour of this luminance has the same contrast with black as with white, which is more than that.
pub(crate) const LUMINANCE: f64 = 0.179;

/// As far from that, a colour of the 216 still has 3.5.
pub(crate) const LUMINANCES: std::ops::RangeInclusive<f64> = 0.125..=0.25;

/// The sixteen by their names.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright black",
    "bright red",
    "bright green",
    "bright yellow",
    "bright blue",
    "bright magenta",
    "bright cyan",
    "bright white",
];

/// How xterm shows them, and others nearly so.
const SHADES: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

impl Ink {
    /// What is called that, or written as `#rrggbb`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Own);
        }
        if let Some(digits) = text.strip_prefix('#') {
            let is_hex = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?.to_be_bytes();
            return Some(Self::Rgb([red, green, blue]));
        }
        let place = NAMES.iter().position(|name| *name == text)?;
        Some(Self::Named(u8::try_from(place).ok()?))
    }

    /// Every name that there is.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().chain(["default"])
    }

    /// How it looks, as far as that is known.
    pub(crate) fn rgb(self) -> Option<[u8; 3]> {
        match self {
            Self::Own => None,
            Self::Named(name) => SHADES.get(usize::from(name)).copied(),
            Self::Rgb(rgb) => Some(rgb),
        }
    }

    /// What comes nearest to it where there are so many colours, of those that can be read on that, if there are any.
    pub(crate) fn reduced(self, colours: Colours, on: Option<[u8; 3]>) -> Self {
        let Self::Rgb(rgb) = self else { return self };
        let palette: Vec<(u8, [u8; 3])> = match colours {
            Colours::None | Colours::All => return self,
            Colours::Sixteen => (0..16).zip(SHADES).collect(),
            Colours::Many => indexed().collect(),
        };
        let is_readable = |other: [u8; 3]| on.is_none_or(|on| contrast(other, on) >= READABLE);
        let nearest = palette.iter().min_by_key(|(_, other)| (!is_readable(*other), distance(rgb, *other)));
        match (nearest, colours) {
            (Some((index, _)), Colours::Sixteen) => Self::Named(*index),
            // Which they are is written by their number; what they look like is known.
            (Some((_, other)), _) => Self::Rgb(*other),
            (None, _) => self,
        }
    }

    /// As a terminal is told, which has so many.
    pub(crate) fn color(self, colours: Colours) -> Color {
        match self {
            Self::Own => Color::Reset,
            Self::Named(name) => ANSI.get(usize::from(name)).copied().unwrap_or(Color::Reset),
            Self::Rgb(rgb) if colours == Colours::Many => {
                indexed().find(|(_, other)| *other == rgb).map_or(Color::Reset, |(index, _)| Color::Indexed(index))
            }
            Self::Rgb([red, green, blue]) => Color::Rgb(red, green, blue),
        }
    }
}

const ANSI: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// Those of the 256 that look the same everywhere, by their numbers: a cube and a row of grays.
pub(crate) fn indexed() -> impl Iterator<Item = (u8, [u8; 3])> {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let cube = (16..=231_u8).map(|index| {
        let place = usize::from(index - 16);
        (index, [STEPS[place / 36], STEPS[place / 6 % 6], STEPS[place % 6]])
    });
    cube.chain((232..=255_u8).map(|index| (index, [8 + 10 * (index - 232); 3])))
}

/// Those of the sixteen that are colours, and how they look.
pub(crate) fn named() -> impl Iterator<Item = (u8, [u8; 3])> {
    (0..16).zip(SHADES).filter(|(_, rgb)| is_colour(*rgb))
}

pub(crate) fn is_colour([red, green, blue]: [u8; 3]) -> bool {
    red.max(green).max(blue) - red.min(green).min(blue) >= 80
}

/// The colour of that hue, from 0 to 1, that has that luminance.
pub(crate) fn of_hue(hue: f64, wanted: f64) -> [u8; 3] {
    let (mut dark, mut light) = (0.0, 1.0);
    // As exact as eight bits are.
    for _ in 0..10 {
        let middle = f64::midpoint(dark, light);
        if luminance(hsl(hue, middle)) < wanted { dark = middle } else { light = middle }
    }
    hsl(hue, light)
}

/// The luminance that has that contrast with a background: above it, or below where it is light.
pub(crate) fn contrasting(on: [u8; 3], wanted: f64) -> f64 {
    let on = luminance(on) + 0.05;
    if on > LUMINANCE + 0.05 { on / wanted - 0.05 } else { on * wanted - 0.05 }
}

/// As WCAG defines it.
pub(crate) fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let [one, other] = [one, other].map(|rgb| luminance(rgb) + 0.05);
    one.max(other) / one.min(other)
}

/// As WCAG defines it.
pub(crate) fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    linear.iter().zip([0.2126, 0.7152, 0.0722]).map(|(part, weight)| part * weight).sum()
}

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
fn hsl(hue: f64, lightness: f64) -> [u8; 3] {
    const SATURATION: f64 = 0.65;
    let chroma = SATURATION * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|n| {
        let k = (n + hue * 12.0) % 12.0;
        ((lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_by_its_name_or_by_its_parts() {
        assert_eq!(Ink::parse("#0a1bFF"), Some(Ink::Rgb([10, 27, 255])));
        assert_eq!((Ink::parse("blue"), Ink::parse("bright white")), (Some(Ink::Named(4)), Some(Ink::Named(15))));
        assert_eq!(Ink::parse("default"), Some(Ink::Own));
        for text in ["", "#", "#12345", "#1234567", "#12345g", "#+12345", "Blue", "#é1234"] {
            assert_eq!(Ink::parse(text), None, "{text}");
        }
        assert!(Ink::names().all(|name| Ink::parse(name).is_some()));
    }

    #[test]
    fn where_there_are_fewer_colours_the_nearest_is_taken_that_can_be_read() {
        let orange = Ink::Rgb([250, 130, 10]);
        assert_eq!(orange.color(Colours::All), Color::Rgb(250, 130, 10));
        assert_eq!(orange.reduced(Colours::Many, None).color(Colours::Many), Color::Indexed(208));
        assert_eq!(orange.reduced(Colours::Sixteen, None).color(Colours::Sixteen), Color::Yellow);
        let (white, green) = (Some([255; 3]), Ink::Rgb([20, 180, 20]));
        assert_eq!(
            green.reduced(Colours::Sixteen, white).color(Colours::Sixteen),
            Color::Black,
            "no green can be read"
        );
        assert_eq!(Ink::Named(2).reduced(Colours::Sixteen, white), Ink::Named(2), "that is what was asked for");
    }
}
