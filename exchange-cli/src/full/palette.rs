//! Which colours everything has: those that come with the program, and those that somebody sets.

use super::colour::Ink;

/// The colours of everything that is not a name; what has none is as the terminal has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) text: Option<Ink>,
    pub(crate) background: Option<Ink>,
    /// What matters less.
    pub(crate) faint: Option<Ink>,
    /// The lines above and below, and what is chosen among others.
    pub(crate) bar: Option<Ink>,
    pub(crate) bar_background: Option<Ink>,
    /// What means oneself.
    pub(crate) mention: Option<Ink>,
    pub(crate) link: Option<Ink>,
    /// That somebody is there, that something is certain.
    pub(crate) good: Option<Ink>,
    pub(crate) warning: Option<Ink>,
}

/// What `theme` may be, and what it is then.
pub(crate) const THEMES: [(&str, Palette); 4] =
    [("terminal", TERMINAL), ("dark", DARK), ("light", LIGHT), ("contrast", CONTRAST)];

/// Whether that is dark or light is not known.
pub(crate) const TERMINAL: Palette = Palette {
    text: None,
    background: None,
    faint: None,
    bar: None,
    bar_background: None,
    mention: Some(Ink::Named(5)),
    link: Some(Ink::Named(6)),
    good: Some(Ink::Named(2)),
    warning: Some(Ink::Named(3)),
};

const DARK: Palette = Palette {
    text: Some(rgb(0xd8_de_e9)),
    background: Some(rgb(0x16_18_1d)),
    faint: Some(rgb(0x8b_95_a7)),
    bar: Some(rgb(0xec_ef_f4)),
    bar_background: Some(rgb(0x3b_42_52)),
    mention: Some(rgb(0xf0_a0_d0)),
    link: Some(rgb(0x7f_b8_e6)),
    good: Some(rgb(0xa3_cf_8e)),
    warning: Some(rgb(0xeb_cb_8b)),
};

const LIGHT: Palette = Palette {
    text: Some(rgb(0x22_26_2e)),
    background: Some(rgb(0xfd_fd_fb)),
    faint: Some(rgb(0x5f_66_73)),
    bar: Some(rgb(0x22_26_2e)),
    bar_background: Some(rgb(0xd5_dd_e8)),
    mention: Some(rgb(0x9c_1f_78)),
    link: Some(rgb(0x0b_5f_a5)),
    good: Some(rgb(0x2d_6a_1f)),
    warning: Some(rgb(0x8a_4b_00)),
};

const CONTRAST: Palette = Palette {
    text: Some(rgb(0xff_ff_ff)),
    background: Some(rgb(0x00_00_00)),
    faint: Some(rgb(0xd0_d0_d0)),
    bar: Some(rgb(0x00_00_00)),
    bar_background: Some(rgb(0xff_ff_ff)),
    mention: Some(rgb(0xff_9c_ff)),
    link: Some(rgb(0x66_cc_ff)),
    good: Some(rgb(0x5f_ff_5f)),
    warning: Some(rgb(0xff_ff_00)),
};

impl Palette {
    /// The one that is called that.
    pub(crate) fn named(name: &str) -> Option<Self> {
        THEMES.iter().find(|(theme, _)| *theme == name).map(|(_, palette)| *palette)
    }

    /// This one, but for what that says.
    pub(crate) fn but(self, other: Self) -> Self {
        Self {
            text: other.text.or(self.text),
            background: other.background.or(self.background),
            faint: other.faint.or(self.faint),
            bar: other.bar.or(self.bar),
            bar_background: other.bar_background.or(self.bar_background),
            mention: other.mention.or(self.mention),
            link: other.link.or(self.link),
            good: other.good.or(self.good),
            warning: other.warning.or(self.warning),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "each is one byte")]
const fn rgb(rgb: u32) -> Ink {
    Ink::Rgb([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8])
}
