//! The page, whose text is beside this.

use super::{Figures, Machine, hosts, tables};

const PAGE: &str = include_str!("page.md");

pub(super) fn of(figures: &Figures, Machine { name, cores, load }: &Machine) -> String {
    let tables = [
        ("{reach}", tables::reach(figures)),
        ("{passing}", tables::passing(figures)),
        ("{paced}", tables::paced(figures)),
        ("{reach of links}", tables::reach_of_links(figures)),
        ("{links}", tables::links(figures)),
        ("{calls}", tables::calls(figures)),
        ("{growth}", tables::growth(figures)),
        ("{silent}", tables::silent(figures)),
        ("{crowd}", tables::crowd(figures)),
        ("{clients}", tables::clients(figures)),
        ("{hosts}", hosts::table(figures)),
    ];
    let page = tables.into_iter().fold(PAGE.to_owned(), |page, (place, table)| {
        page.replace(place, table.as_deref().unwrap_or("(not measured)").trim_end())
    });
    page.replace("{machine}", name).replace("{cores}", &cores.to_string()).replace("{load}", load)
}
