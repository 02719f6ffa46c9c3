//! What was said is found again, and gone to.

use crate::{
    talking::Two,
    terminal::{ESCAPE, alt, control},
};

#[test]
fn what_is_looked_for_is_found_and_shown_where_it_was_said() {
    let Two { mut ana, mut bo, .. } = Two::meet();
    bo.type_line("the needle is in the blue box");
    ana.see("bo the needle");
    for line in 1..=60 {
        bo.type_line(&format!("hay {line} of sixty"));
    }
    ana.wait(|screen| screen.contains("hay 60") && !screen.contains("needle"));
    ana.type_line("/search NEEDLE");
    let screen = ana.see("one message");
    assert!(screen.contains("#lobby bo the needle is in the blue box"), "{screen}");
    ana.press("\r");
    let screen = ana.wait(|screen| screen.contains("reading above") && !screen.contains('│'));
    assert!(screen.contains("bo the needle") && screen.contains("hay 3 of"), "{screen}");
    bo.type_line("and more hay");
    ana.see("1 new below");
    ana.press(ESCAPE);
    ana.see("and more hay");

    ana.type_line("/join ops");
    ana.wait(|screen| screen.starts_with(" #ops"));
    ana.press("half a line");
    ana.press(&control('f'));
    ana.see("Enter looks for it");
    ana.press(&control('u'));
    ana.press("#lobby hay 60\r");
    ana.see("one message");
    ana.press("\r");
    ana.wait(|screen| screen.starts_with(" #lobby") && screen.contains("hay 60 of sixty"));
    ana.press(&alt('2'));
    ana.wait(|screen| screen.starts_with(" #ops") && screen.contains("> half a line"));

    ana.press(&control('f'));
    ana.press(&control('u'));
    ana.press("nothing of that kind\r");
    ana.see("There are no such messages.");
    ana.press(ESCAPE);
    ana.wait(|screen| !screen.contains("no such messages"));
}
