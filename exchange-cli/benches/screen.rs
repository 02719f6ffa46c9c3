//! How soon a key is seen on a screen full of talk, and what the screen costs.
//!
//! ```console
//! $ cargo bench -p exchange-cli --bench screen
//! ```
//!
//! A host on the whole screen, in a terminal of its own, with ten thousand lines in its lobby; a guest says two hundred
//! messages a second, and somebody types all the while. Then nobody does anything for a minute.

#[cfg(target_os = "linux")]
#[path = "../tests/screen/terminal.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "it is the tests', which do more with it")]
mod terminal;

#[cfg(target_os = "linux")]
fn main() {
    // As a test it only has to build: what it measures takes minutes.
    if std::env::args().any(|argument| argument == "--bench") {
        linux::main();
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot be done fails")]
mod linux {
    use std::{
        fs,
        io::Write as _,
        process::{Child, Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use crate::terminal::Terminal;

    const LINES: u32 = 10_000;
    const KEYS: usize = 400;
    const EVERY: Duration = Duration::from_millis(5);
    const IDLE: Duration = Duration::from_secs(60);

    /// What a key may take until it is seen.
    const MOST: Duration = Duration::from_millis(30);

    pub(crate) fn main() {
        let homes = tempfile::TempDir::new().unwrap();
        let arguments = ["host", "Lab", "--nick", "ana", "--bind", "127.0.0.1:0", "--no-discovery", "--rate", "100000"];
        let mut ana = Terminal::start(&homes.path().join("ana"), &arguments);
        let screen = ana.see("exchange join 127.0.0.1:");
        let address = screen.split("exchange join ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let process = ana.process();

        let mut bo = guest(homes.path(), &address);
        let mut input = bo.stdin.take().unwrap();
        let began = Instant::now();
        for line in 1..=LINES {
            writeln!(input, "line {line} of many, with a few words more so that it is like what people say").unwrap();
        }
        ana.see(&format!("line {LINES} of many"));
        println!("{LINES} lines came in {:.1} s; {}", began.elapsed().as_secs_f64(), resident(process));

        // Whoever says something every five milliseconds does so from a thread of its own.
        let saying = thread::spawn(move || {
            let (mut said, began) = (0_u32, Instant::now());
            while said < 3000 {
                thread::sleep((EVERY * said).saturating_sub(began.elapsed()));
                said += 1;
                writeln!(input, "message {said}, and the next comes at once").unwrap();
            }
            input
        });
        ana.see("message 20,");
        let (cpu, talking) = (cpu_of(process), Instant::now());
        let mut taken = Vec::with_capacity(KEYS);
        for key in 0..KEYS {
            let (before, began) = (cursor(&ana), Instant::now());
            // What is typed stays on one row.
            ana.press(if key % 60 == 59 { "\u{15}" } else { "x" });
            ana.wait_until(|ana| (cursor(ana) != before).then_some(()));
            taken.push(began.elapsed());
        }
        let (cpu, talking) = (cpu_of(process).saturating_sub(cpu), talking.elapsed());
        taken.sort_unstable();
        let [median, late, latest] = [taken.len() / 2, taken.len() * 99 / 100, taken.len() - 1].map(|at| taken[at]);
        let over = if late > MOST { ", over" } else { "" };
        println!(
            "a key is seen after {:.1} ms, 99 of 100 within {:.1} ms, all within {:.1} ms (at most {} ms{over})",
            millis(median),
            millis(late),
            millis(latest),
            MOST.as_millis()
        );
        let share = 100.0 * cpu.as_secs_f64() / talking.as_secs_f64();
        println!(
            "while two hundred messages a second come and somebody types: {share:.1} % of a core; {}",
            resident(process)
        );
        drop(saying.join().unwrap());
        bo.wait().unwrap();
        ana.see("message 3000,");

        let (cpu, began) = (cpu_of(process), Instant::now());
        thread::sleep(IDLE);
        let share = 100.0 * cpu_of(process).saturating_sub(cpu).as_secs_f64() / began.elapsed().as_secs_f64();
        let over = if share > 0.2 { ", over" } else { "" };
        println!("in an idle minute: {share:.2} % of a core (at most 0.2 %{over}); {}", resident(process));
    }

    fn guest(homes: &std::path::Path, address: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_exchange"))
            .args(["join", address, "--nick", "bo", "--no-discovery", "--quiet"])
            .env("EXCHANGE_HOME", homes.join("bo"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn cursor(terminal: &Terminal) -> (u16, u16) {
        terminal.look(vt100::Screen::cursor_position)
    }

    fn millis(time: Duration) -> f64 {
        time.as_secs_f64() * 1e3
    }

    /// The time that a process has had of a processor.
    fn cpu_of(process: u32) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap();
        Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
    }

    fn resident(process: u32) -> String {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        format!("{:.1} MB in memory", kib / 1024.0)
    }
}
