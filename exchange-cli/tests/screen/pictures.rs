//! The picture in the README, drawn from what a terminal shows.

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    talking::Two,
    terminal::{Terminal, alt},
};

/// Pixels of a cell, and of its text.
const CELL: (usize, usize) = (8, 17);
const TEXT: usize = 13;

const INK: &str = "#d8dee9";
const PAPER: &str = "#20242c";

#[test]
#[ignore = "it draws the picture of the README anew"]
fn the_picture_of_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("session.svg"), session()).unwrap();
}

/// A morning in a lab.
fn session() -> String {
    let Two { mut ana, mut bo, homes, address } = Two::meet();
    let mut cy = Two::guest(&homes, "cy", &address);
    ana.type_line("/topic The centrifuge is free from ten");
    ana.see("— The centrifuge");
    for (who, name) in [(&mut ana, "#ops"), (&mut bo, "#ops")] {
        who.type_line("/join ops");
        who.wait(|screen| screen.starts_with(&format!(" {name}")));
    }
    ana.press(&alt('1'));
    bo.press(&alt('1'));
    bo.type_line("good morning! who has the key?");
    ana.see("who has the key?");
    ana.press(&alt('r'));
    ana.type_line("it hangs behind the door");
    cy.see("behind the door");
    cy.type_line("/react 🙏");
    bo.see("🙏 1");
    cy.type_line("おはよう ☕ coffee at ten, @ana?");
    ana.see("at ten");
    bo.press(&alt('2'));
    bo.wait(|screen| screen.starts_with(" #ops"));
    bo.type_line("@ana the freezer is at −78 °C again");
    ana.see("#ops 1!");
    cy.press("so is m");
    ana.see("cy is typing");
    ana.press("with cake, of course");
    ana.see("> with cake, of course");
    ana.see("cy is typing");
    picture(&ana)
}

fn picture(terminal: &Terminal) -> String {
    terminal.look(|screen| {
        let (rows, columns) = screen.size();
        let (rows, columns) = (rows.get(), columns.get());
        let (width, height) = (usize::from(columns) * CELL.0, usize::from(rows) * CELL.1);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 {} {}\" font-family=\"monospace\" \
             font-size=\"{TEXT}\">\n<rect x=\"-8\" y=\"-8\" width=\"{0}\" height=\"{1}\" rx=\"6\" fill=\"{PAPER}\"/>\n",
            width + 16,
            height + 16,
        );
        for row in 0..rows {
            for column in 0..columns {
                let Some(cell) = screen.cell(row, column) else { continue };
                draw(&mut svg, cell, (row.into(), column.into()));
            }
        }
        svg.push_str("</svg>\n");
        svg
    })
}

fn draw(svg: &mut String, cell: &vt100::Cell, (row, column): (usize, usize)) {
    let (x, y) = (column * CELL.0, row * CELL.1);
    let colour = colour(cell.fgcolor());
    let (ink, paper) = if cell.inverse() { (PAPER, Some(colour.as_str())) } else { (colour.as_str(), None) };
    if let Some(paper) = paper {
        // A little wider, so that no seam is seen between two.
        let width = CELL.0 + 1;
        let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{paper}\"/>", CELL.1);
    }
    let text = cell.contents().trim();
    if text.is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
    let faint = if cell.dim() { " opacity=\"0.6\"" } else { "" };
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{}\" fill=\"{ink}\"{weight}{faint}>{text}</text>", y + TEXT);
}

fn colour(colour: vt100::Color) -> String {
    const SIXTEEN: [&str; 8] = ["#3b4252", "#d0707a", "#a3be8c", "#ebcb8b", "#81a1c1", "#c08fb5", "#88c0d0", "#e5e9f0"];
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match colour {
        vt100::Color::Default => INK.to_owned(),
        vt100::Color::Idx(index @ 16..=231) => {
            let cube = usize::from(index - 16);
            let [red, green, blue] = [cube / 36, cube / 6 % 6, cube % 6].map(|step| STEPS[step]);
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        vt100::Color::Idx(index) => SIXTEEN[usize::from(index) % SIXTEEN.len()].to_owned(),
        vt100::Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}
