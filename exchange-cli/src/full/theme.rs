//! Colours: of people by their keys, readable on light and on dark, and of what the program says.

use std::env;

use exchange_tokio::core::PeerId;
use ratatui::style::{Color, Modifier, Style};

use crate::line;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    None,
    Sixteen,
    Many,
    All,
}

/// How everything looks that does not look like plain text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    colours: Colours,
}

/// A colour of this luminance has the same contrast with black as with white, which is more than the 4.5 that are
/// recommended for text.
const LUMINANCE: f64 = 0.179;

/// As far from that, a colour of the 216 still has 3.5.
const LUMINANCES: std::ops::RangeInclusive<f64> = 0.125..=0.25;

/// What matters less: times, the number of people, what was deleted.
pub(crate) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);

pub(crate) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// Bars above and below, and what is chosen among others.
pub(crate) const BAR: Style = Style::new().add_modifier(Modifier::REVERSED);

impl Theme {
    #[cfg(test)]
    pub(crate) const fn new(colours: Colours) -> Self {
        Self { colours }
    }

    /// As the terminal says what it can, and the user what they want.
    pub(crate) fn of_environment() -> Self {
        let variable = |name| env::var(name).unwrap_or_default();
        let colours = match (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM")) {
            (no_color, ..) if !no_color.is_empty() => Colours::None,
            (_, colorterm, _) if colorterm == "truecolor" || colorterm == "24bit" => Colours::All,
            (.., term) if term.contains("256color") => Colours::Many,
            (.., term) if term.contains("direct") => Colours::All,
            _ => Colours::Sixteen,
        };
        Self { colours }
    }

    /// Somebody's name: always in the same colour, whatever they call themselves.
    pub(crate) fn person(self, peer: PeerId) -> Style {
        let [one, other, ..] = *peer.as_bytes();
        let hue = u16::from_be_bytes([one, other]);
        match self.colours {
            Colours::None => Style::new().add_modifier(Modifier::BOLD),
            Colours::Sixteen => Style::new().fg(SIXTEEN[usize::from(hue) % SIXTEEN.len()]),
            Colours::Many => {
                let palette = readable();
                palette
                    .get(usize::from(hue) % palette.len().max(1))
                    .map_or(Style::new(), |(index, _)| Style::new().fg(Color::Indexed(*index)))
            }
            Colours::All => {
                let [red, green, blue] = of_hue(f64::from(hue) / 65_536.0);
                Style::new().fg(Color::Rgb(red, green, blue))
            }
        }
    }

    /// What means oneself.
    pub(crate) fn mention(self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// What can be followed.
    pub(crate) fn link(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::UNDERLINED)
    }

    pub(crate) fn warning(self) -> Style {
        self.coloured(Color::Yellow)
    }

    pub(crate) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// The same as in lines.
    pub(crate) fn of_line(self, style: line::Style) -> Style {
        match style {
            line::Style::Dim | line::Style::Hue(_) => FAINT,
            line::Style::Bold => STRONG,
            line::Style::Mention => self.mention(),
            line::Style::Warning => self.warning(),
        }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colours == Colours::None { Style::new() } else { Style::new().fg(colour) }
    }
}

/// Neither black nor white, which one of both would not show, nor what those show too weakly.
const SIXTEEN: [Color; 6] = [Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan, Color::LightRed];

/// The colours of the 216 that can be read on black and on white, in the order of their hues, and their numbers.
fn readable() -> Vec<(u8, [u8; 3])> {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let colour = |index: u8| {
        let cube = usize::from(index - 16);
        [STEPS[cube / 36], STEPS[cube / 6 % 6], STEPS[cube % 6]]
    };
    let all = (16..=231).map(|index| (index, colour(index)));
    let is_colour = |[red, green, blue]: [u8; 3]| red.max(green).max(blue) - red.min(green).min(blue) >= 80;
    all.filter(|(_, rgb)| LUMINANCES.contains(&luminance(*rgb)) && is_colour(*rgb)).collect()
}

/// The colour of that hue, from 0 to 1, that can be read on black and on white.
fn of_hue(hue: f64) -> [u8; 3] {
    let (mut dark, mut light) = (0.0, 1.0);
    // As exact as eight bits are.
    for _ in 0..10 {
        let middle = f64::midpoint(dark, light);
        if luminance(hsl(hue, middle)) < LUMINANCE { dark = middle } else { light = middle }
    }
    hsl(hue, light)
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

/// As WCAG defines it.
fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    linear.iter().zip([0.2126, 0.7152, 0.0722]).map(|(part, weight)| part * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With black and with white, whichever is less.
    fn contrast(rgb: [u8; 3]) -> f64 {
        let luminance = luminance(rgb);
        ((luminance + 0.05) / 0.05).min(1.05 / (luminance + 0.05))
    }

    #[test]
    fn every_name_can_be_read_on_black_and_on_white() {
        for hue in 0..256 {
            let rgb = of_hue(f64::from(hue) / 256.0);
            assert!(contrast(rgb) >= 4.4, "{rgb:?} has {}", contrast(rgb));
        }
        let readable = readable();
        assert!(readable.len() >= 16, "{}", readable.len());
        assert!(readable.iter().all(|(_, rgb)| contrast(*rgb) >= 3.5), "{readable:?}");
    }

    #[test]
    fn somebody_has_one_colour_and_none_where_there_are_none() {
        let peer = PeerId::from_bytes([7; 16]);
        for colours in [Colours::Sixteen, Colours::Many, Colours::All] {
            let theme = Theme::new(colours);
            assert!(theme.person(peer).fg.is_some(), "{colours:?}");
            assert_eq!(theme.person(peer), theme.person(peer));
            assert!(theme.warning().fg.is_some());
        }
        let none = Theme::new(Colours::None);
        let styles = [none.person(peer), none.mention(), none.warning(), none.good()];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }
}
