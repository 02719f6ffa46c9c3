//! How everything looks: names in the colours of their keys, the rest in those of a palette, as far as the terminal has them.

use std::env;

use exchange_tokio::core::PeerId;
use ratatui::style::{Color, Modifier, Style};

use super::{
    colour::{
        Colours, Ink, LUMINANCE, LUMINANCES, READABLE, contrast, contrasting, indexed, is_colour, luminance, named,
        of_hue,
    },
    palette::{Palette, TERMINAL},
};
use crate::line;

/// How everything looks that does not look like plain text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    colours: Colours,
    palette: Palette,
}

pub(crate) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// Names have more contrast with a background that is known than they have to.
const NAMES: f64 = 5.5;

impl Theme {
    pub(crate) const fn new(colours: Colours, palette: Palette) -> Self {
        Self { colours, palette }
    }

    /// As the terminal says what it can, and the user what they want: what they have not chosen is as the terminal has it.
    pub(crate) fn of_environment(chosen: Palette) -> Self {
        let variable = |name| env::var(name).unwrap_or_default();
        let colours = match (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM")) {
            (no_color, ..) if !no_color.is_empty() => Colours::None,
            (_, colorterm, _) if colorterm == "truecolor" || colorterm == "24bit" => Colours::All,
            (.., term) if term.contains("256color") => Colours::Many,
            (.., term) if term.contains("direct") => Colours::All,
            _ => Colours::Sixteen,
        };
        Self::new(colours, TERMINAL.but(chosen))
    }

    /// What everything begins with.
    pub(crate) fn base(self) -> Style {
        let style = self.on_background(Style::new(), self.palette.text);
        match self.background() {
            Some(background) if self.colours != Colours::None => style.bg(background.color(self.colours)),
            _ => style,
        }
    }

    /// What matters less: times, the number of people, what was deleted.
    pub(crate) fn faint(self) -> Style {
        match self.palette.faint {
            Some(_) if self.colours != Colours::None => self.on_background(Style::new(), self.palette.faint),
            _ => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Bars above and below, and what is chosen among others.
    pub(crate) fn bar(self) -> Style {
        self.filled(self.palette.bar, self.palette.bar_background)
            .unwrap_or_else(|| Style::new().add_modifier(Modifier::REVERSED))
    }

    /// A bar that says that something is wrong.
    pub(crate) fn alarm(self) -> Style {
        let is_filled = self.filled(self.palette.bar, self.palette.bar_background).is_some();
        let filled = self.filled(self.palette.background, self.palette.warning).filter(|_| is_filled);
        filled.unwrap_or_else(|| self.bar().patch(self.warning()))
    }

    /// Somebody's name: always in the same colour, whatever they call themselves.
    pub(crate) fn person(self, peer: PeerId) -> Style {
        let [one, other, ..] = *peer.as_bytes();
        let hue = u16::from_be_bytes([one, other]);
        let on = self.background().and_then(Ink::rgb);
        let one_of = |these: &[Color]| these.get(usize::from(hue) % these.len().max(1)).copied();
        let colour = match (self.colours, on) {
            (Colours::None, _) => return Style::new().add_modifier(Modifier::BOLD),
            (Colours::Sixteen, None) => one_of(&SIXTEEN),
            (Colours::Sixteen, Some(on)) => {
                let readable = named().filter(|(_, rgb)| contrast(*rgb, on) >= READABLE);
                one_of(&readable.map(|(name, _)| Ink::Named(name).color(self.colours)).collect::<Vec<_>>())
            }
            (Colours::Many, on) => {
                let readable = readable(on).into_iter().map(|(index, _)| Color::Indexed(index));
                one_of(&readable.collect::<Vec<_>>())
            }
            (Colours::All, on) => {
                let luminance = on.map_or(LUMINANCE, |on| contrasting(on, NAMES));
                let [red, green, blue] = of_hue(f64::from(hue) / 65_536.0, luminance);
                Some(Color::Rgb(red, green, blue))
            }
        };
        colour.map_or(Style::new(), |colour| Style::new().fg(colour))
    }

    /// What means oneself.
    pub(crate) fn mention(self) -> Style {
        self.on_background(STRONG, self.palette.mention)
    }

    /// What can be followed.
    pub(crate) fn link(self) -> Style {
        self.on_background(Style::new().add_modifier(Modifier::UNDERLINED), self.palette.link)
    }

    pub(crate) fn warning(self) -> Style {
        self.on_background(Style::new(), self.palette.warning)
    }

    pub(crate) fn good(self) -> Style {
        self.on_background(Style::new(), self.palette.good)
    }

    /// The same as in lines.
    pub(crate) fn of_line(self, style: line::Style) -> Style {
        match style {
            line::Style::Dim | line::Style::Hue(_) => self.faint(),
            line::Style::Bold => STRONG,
            line::Style::Mention => self.mention(),
            line::Style::Warning => self.warning(),
        }
    }

    /// What is behind everything, as this terminal has it.
    fn background(self) -> Option<Ink> {
        self.palette.background.map(|background| background.reduced(self.colours, None))
    }

    fn on_background(self, style: Style, ink: Option<Ink>) -> Style {
        match ink {
            Some(ink) if self.colours != Colours::None => {
                let on = self.background().and_then(Ink::rgb);
                style.fg(ink.reduced(self.colours, on).color(self.colours))
            }
            _ => style,
        }
    }

    /// Both have to be known.
    fn filled(self, ink: Option<Ink>, behind: Option<Ink>) -> Option<Style> {
        let (ink, behind) = (ink?, behind?.reduced(self.colours, None));
        if self.colours == Colours::None {
            return None;
        }
        let ink = ink.reduced(self.colours, behind.rgb());
        Some(Style::new().fg(ink.color(self.colours)).bg(behind.color(self.colours)))
    }
}

/// Neither black nor white, which one of both would not show, nor what those show too weakly.
const SIXTEEN: [Color; 6] = [Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan, Color::LightRed];

/// The colours of the 216 that can be read on that, or on black and on white, and their numbers.
fn readable(on: Option<[u8; 3]>) -> Vec<(u8, [u8; 3])> {
    let is_readable = |rgb: [u8; 3]| match on {
        Some(on) => contrast(rgb, on) >= READABLE,
        None => LUMINANCES.contains(&luminance(rgb)),
    };
    indexed().filter(|(_, rgb)| is_colour(*rgb) && is_readable(*rgb)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::full::palette::THEMES;

    /// With black and with white, whichever is less.
    fn least(rgb: [u8; 3]) -> f64 {
        contrast(rgb, [0; 3]).min(contrast(rgb, [255; 3]))
    }

    fn seen(color: Color) -> [u8; 3] {
        match color {
            Color::Rgb(red, green, blue) => [red, green, blue],
            Color::Indexed(index) => indexed().find(|(other, _)| *other == index).unwrap().1,
            color => (0..16).map(Ink::Named).find(|ink| ink.color(Colours::Sixteen) == color).unwrap().rgb().unwrap(),
        }
    }

    #[test]
    fn every_name_can_be_read_on_black_and_on_white() {
        for hue in 0..256 {
            let rgb = of_hue(f64::from(hue) / 256.0, LUMINANCE);
            assert!(least(rgb) >= 4.4, "{rgb:?} has {}", least(rgb));
        }
        let readable = readable(None);
        assert!(readable.len() >= 16, "{}", readable.len());
        assert!(readable.iter().all(|(_, rgb)| least(*rgb) >= 3.5), "{readable:?}");
    }

    #[test]
    fn everything_can_be_read_in_every_theme_with_a_background_and_on_every_terminal() {
        for (name, palette) in THEMES.iter().filter(|(_, palette)| palette.background.is_some()) {
            for colours in [Colours::Sixteen, Colours::Many, Colours::All] {
                let theme = Theme::new(colours, *palette);
                let background = theme.base().bg.unwrap();
                let people = (0..=255).map(|byte| theme.person(PeerId::from_bytes([byte; 16])));
                let styles =
                    [theme.base(), theme.faint(), theme.mention(), theme.link(), theme.good(), theme.warning()];
                for style in styles.into_iter().chain([theme.bar(), theme.alarm()]).chain(people) {
                    let contrast = contrast(seen(style.fg.unwrap()), seen(style.bg.unwrap_or(background)));
                    assert!(contrast >= READABLE, "{name}, {colours:?}: {style:?} has {contrast}");
                }
            }
        }
    }

    #[test]
    fn the_theme_of_high_contrast_has_more_of_it() {
        let theme = Theme::new(Colours::All, Palette::named("contrast").unwrap());
        let styles = [theme.base(), theme.faint(), theme.mention(), theme.link(), theme.good(), theme.warning()];
        for style in styles {
            assert!(contrast(seen(style.fg.unwrap()), [0; 3]) >= 7.0, "{style:?}");
        }
    }

    #[test]
    fn somebody_has_one_colour_and_none_where_there_are_none() {
        let peer = PeerId::from_bytes([7; 16]);
        for colours in [Colours::Sixteen, Colours::Many, Colours::All] {
            let theme = Theme::new(colours, TERMINAL);
            assert!(theme.person(peer).fg.is_some(), "{colours:?}");
            assert_eq!(theme.person(peer), theme.person(peer));
            assert!(theme.warning().fg.is_some());
        }
        for (_, palette) in THEMES {
            let none = Theme::new(Colours::None, palette);
            let styles = [none.base(), none.faint(), none.bar(), none.alarm(), none.person(peer), none.mention()];
            let styles = styles.into_iter().chain([none.link(), none.warning(), none.good()]);
            assert!(styles.into_iter().all(|style| style.fg.is_none() && style.bg.is_none()));
        }
    }

    #[test]
    fn what_somebody_sets_counts_over_the_theme() {
        let own = Palette { link: Ink::parse("#ff0000"), background: Ink::parse("default"), ..Palette::default() };
        let theme = Theme::new(Colours::All, Palette::named("dark").unwrap().but(own));
        assert_eq!((theme.link().fg, theme.base().bg), (Some(Color::Rgb(255, 0, 0)), Some(Color::Reset)));
        assert_eq!(theme.good(), Theme::new(Colours::All, Palette::named("dark").unwrap()).good());
    }
}
