//! What discovery is for: people find a session and talk.

use exchange_tests::lan::{Lan, Program};

use crate::{found, host, join, messages};

#[test]
fn people_find_a_session_without_an_address_and_see_every_message_once_in_one_order() {
    let Some(lan) = Lan::new(4) else { return };
    // All at once: two look for a session that is only just coming to be.
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let [mut bo, mut cy] = [("h2", "bo"), ("h3", "cy")].map(|(at, nick)| join(&lan, at, nick, &[]));
    found(&mut bo, "together with the host");
    found(&mut cy, "together with the host");
    ana.event("hosting");
    for line in ["one", "two"] {
        for person in [&mut ana, &mut bo, &mut cy] {
            person.say(&format!("{line} from {}", person.name()));
        }
    }
    let heard_by_ana = messages(&mut ana, 6);
    // And one later, who is told what was said before.
    let mut dee = join(&lan, "h4", "dee", &[]);
    found(&mut dee, "later");
    dee.say("what did I miss?");

    let mut everybody = vec![heard_by_ana];
    everybody[0].extend(messages(&mut ana, 1));
    everybody.extend([&mut bo, &mut cy, &mut dee].map(|person| messages(person, 7)));
    for (number, heard) in everybody.iter().enumerate() {
        assert_eq!(heard, &everybody[0], "{number}");
    }
    let mut texts: Vec<_> = everybody[0].iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts.pop(), Some("what did I miss?"));
    texts.sort_unstable();
    let said = ["one from ana", "one from bo", "one from cy", "two from ana", "two from bo", "two from cy"];
    assert_eq!(texts, said);
}

#[test]
fn the_host_and_the_client_of_the_readme_find_each_other_and_talk() {
    find_each_other_and_talk(["hello_host", "hello_client"], |host| host.interrupt());
}

#[test]
fn so_do_those_on_async_std() {
    find_each_other_and_talk(["async_std_hello_host", "async_std_hello_client"], |host| host.say(""));
}

fn find_each_other_and_talk([host, client]: [&str; 2], end: fn(&mut Program)) {
    let Some(lan) = Lan::new(2) else { return };
    let mut host = lan.start_example("h1", host, &[]);
    host.says("others run: exchange join 'Lab 3'");
    let mut client = lan.start_example("h2", client, &[]);
    client.says("bo: !ping");
    client.says("ana: pong");
    end(&mut host);
    assert_eq!(host.ended(), 0, "{}", host.story());
}
