//! `exchange send`: one message.

use crate::{
    app::App,
    args::SendArguments,
    errand::{Errand, Lines as _},
    exit::{Exit, Failure},
    input::LONGEST_LINE,
    join::Joining,
    output::Shown,
};

pub(crate) async fn run(app: App, arguments: &SendArguments) -> Result<Exit, Failure> {
    let app = app.hushed();
    let joining = arguments.way.joining();
    let joining = Joining::begin(&app, &joining).await?;
    // Nobody needs to see somebody come who does not know yet what to say.
    let text = text(&app, arguments).await?;
    let joined = joining.connect().await?;
    let mut errand = Errand::enter(app, joined, &arguments.way).await?;
    if let Some(who) = &arguments.to {
        errand = errand.turn_to(who).await?;
    }
    errand.print(errand.printer(|_| Shown::Receipts).await);
    let saying = async |errand: &mut Errand| {
        errand.say(&text).await;
        errand.deliver().await
    };
    let ending = errand.unless_told(saying).await;
    Ok(errand.end(ending).await)
}

/// What is to be said: what was typed behind the command, or else all of standard input.
async fn text(app: &App, arguments: &SendArguments) -> Result<String, Failure> {
    let text = match (&arguments.message, &arguments.text[..]) {
        (Some(text), _) => text.clone(),
        (None, []) => everything(app).await?,
        (None, [only]) if only == "-" => everything(app).await?,
        (None, words) => words.join(" "),
    };
    if text.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "There is nothing to send.", ""));
    }
    Ok(text)
}

/// Standard input, or so much of it that it is too long for a message.
async fn everything(app: &App) -> Result<String, Failure> {
    let unreadable = |error| Failure::new(Exit::Usage, format!("Standard input cannot be read: {error}."), "");
    let (mut lines, mut text) = (app.lines().map_err(unreadable)?, String::new());
    if app.is_typed {
        app.screen.ask("What to say, and then Ctrl-D:").await;
    }
    while text.len() as u64 <= LONGEST_LINE
        && let Some(line) = app.unless_interrupted(lines.next()).await?
    {
        text.push_str(&line);
        text.push('\n');
    }
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}
