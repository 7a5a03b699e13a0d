//! The application's own command line. A command runs in the process that owns the database: when a
//! server holds the SQLite file, the command is sent to it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use clap::ArgMatches;
use mainstay_auth::Credentials;
use mainstay_kernel::{
    Clock, ControlClient, ControlServer, Db, Error, Frame, Handler, Place, Result, StoreUrl,
};
use mainstay_web::{Env, Shutdown, Site};
use tokio::sync::mpsc::UnboundedSender;

use crate::arguments::{parse, usage, with_nearest};
use crate::config::{self, Config, Sources, variables_table};
use crate::description::Description;
use crate::listing::Listed;
use crate::migrate::{MigrateArgs, Written};
use crate::ops::{self, OpsArgs};
use crate::token::{self, TokenArgs};
use crate::work::{self, Background};
use crate::{App, Assembly, clash, listing, log, serve};

/// What a command of the application is given.
pub struct CommandCx {
    /// The words after the command's name.
    pub args: Vec<String>,
    /// The database.
    pub db: Db,
    /// Where the command writes.
    pub output: Output,
    /// What was typed before the words, such as `shop seed`.
    called: String,
    site: Site,
}

/// Where a command writes: the terminal it was called from, also when another process runs it.
#[derive(Clone)]
pub struct Output(UnboundedSender<Frame>);

impl Output {
    /// Prints a line.
    pub fn line(&self, text: impl std::fmt::Display) {
        self.send(Frame::Out(format!("{text}\n")));
    }

    /// Moves a progress bar.
    pub fn progress(&self, label: &str, done: u64, total: u64) {
        self.send(Frame::Progress { done, total, label: Some(label.to_owned()) });
    }

    #[cfg(test)]
    pub(crate) fn to(frames: UnboundedSender<Frame>) -> Self {
        Self(frames)
    }

    /// Nobody reading is no reason to stop.
    fn send(&self, frame: Frame) {
        let _ = self.0.send(frame);
    }
}

/// A command that the application adds.
#[derive(Clone)]
pub(crate) struct AppCommand {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: Run,
    pub(crate) at: Place,
}

type Run = Arc<dyn Fn(CommandCx) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// Reads the command line and does what it says.
pub(crate) async fn run(app: App) -> Result<()> {
    clash::commands(&app)?;
    let mut cli = cli(&app);
    let matches = cli
        .try_get_matches_from_mut(std::env::args_os())
        .unwrap_or_else(|error| with_nearest(error, &cli).exit());
    if let Some(("config", _)) = matches.subcommand() {
        show(Frame::Out(variables_table() + &config::rows(&app.settings)));
        return Ok(());
    }
    if let Some(("ops", it)) = matches.subcommand() {
        return promises(&app, &words("ops", it));
    }
    let serve = matches.subcommand_matches("serve");
    let said = |name| serve.and_then(|it| it.get_one::<String>(name));
    let read = Sources::of_process(app.name).and_then(|mut sources| {
        if let Some(roles) = said("roles") {
            sources = sources.roles(roles);
        }
        if let Some(queues) = said("queues") {
            sources = sources.queues(queues);
        }
        app.read(sources)
    });
    let (app, config) = read.map_err(|faults| Error::internal(faults.to_string()))?;
    let (name, words) = match matches.subcommand() {
        None => return serve::serve(app, config, serve::Takeover::No).await,
        Some(("serve", it)) => {
            return serve::serve(app, config, serve::Takeover::of(it.get_flag("takeover"))).await;
        }
        Some(named) => named,
    };
    log::start(&config, None);
    match name {
        "openapi" => print_description(&app, &config, words.get_one::<String>("mount")),
        name => elsewhere_or_here(app, config, self::words(name, words)).await,
    }
}

fn cli(app: &App) -> clap::Command {
    let takeover = clap::Arg::new("takeover")
        .long("takeover")
        .action(clap::ArgAction::SetTrue)
        .help("Ask the process that serves this database now to stop, and go on from there");
    let roles = clap::Arg::new("roles")
        .long("roles")
        .value_name("ROLES")
        .help("What this process does: a list of web, worker, relay and cron [default: ROLES, or all]");
    let queues = clap::Arg::new("queues")
        .long("queues")
        .value_name("QUEUES")
        .help("The queues whose tasks this process runs [default: QUEUES, or all]");
    let rest =
        clap::Arg::new("args").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true);
    let mount = clap::Arg::new("mount")
        .long("mount")
        .value_name("PREFIX")
        .help("Describe what is mounted below this prefix, such as /admin, in place of the API's own");
    let own = |name, about| clap::Command::new(name).about(about);
    let mut cli = clap::Command::new(app.name)
        .subcommand(own("serve", "Serve the application (the default)").arg(takeover).arg(roles).arg(queues))
        .subcommand(
            own("migrate", "Bring the tables to what the models and the written migrations say")
                .arg(rest.clone())
                .disable_help_flag(true),
        )
        .subcommand(
            own("routes", "List the routes, or with --hooks what runs when a row is written")
                .arg(rest.clone())
                .disable_help_flag(true),
        )
        .subcommand(
            own("token", "Print a bearer token for trying the application out")
                .arg(rest.clone())
                .disable_help_flag(true),
        )
        .subcommands(
            work::COMMANDS.map(|(name, about)| own(name, about).arg(rest.clone()).disable_help_flag(true)),
        )
        .subcommand(own("openapi", "Print the API's description in OpenAPI 3.1").arg(mount))
        .subcommand(
            own("ops", "Write down what operations and workers promise, and tell what changed since")
                .arg(rest.clone())
                .disable_help_flag(true),
        )
        .subcommand(own("config", "Print the table of all configuration variables"));
    for command in app.parts().flat_map(|it| &it.commands) {
        cli = cli.subcommand(own(command.name, command.about).arg(rest.clone()).disable_help_flag(true));
    }
    cli
}

/// Needs no database: the description follows from the program.
fn print_description(app: &App, config: &Config, mount: Option<&String>) -> Result<()> {
    let usual = &config.http.api_prefix;
    let operations = app.operations(&Clock::system())?;
    crate::clash::routes(&crate::listing::routes(app, &operations, usual))?;
    let all = Description::of(app, usual);
    let wanted = mount.unwrap_or(usual);
    let Some(found) = all.iter().find(|it| it.prefix == *wanted) else {
        let prefixes = all.iter().map(|it| format!("`{}`", it.prefix)).collect::<Vec<_>>().join(", ");
        return Err(usage(&format!("nothing is mounted below `{wanted}`, expected one of {prefixes}")));
    };
    let text = found.document().to_json().map_err(|error| Error::internal("no JSON").caused_by(error))?;
    show(Frame::Out(text));
    Ok(())
}

/// Needs neither a database nor the configuration.
fn promises(app: &App, words: &[String]) -> Result<()> {
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    let output = Output(sender);
    let args = parse::<OpsArgs>(&format!("{} ops", app.name), &words[1..], &output)?;
    let done = args.map_or(Ok(()), |args| ops::run(app, &args.command, |line| output.line(line)));
    while let Ok(frame) = frames.try_recv() {
        show(frame);
    }
    done
}

fn words(name: &str, matches: &ArgMatches) -> Vec<String> {
    let rest = matches.get_many::<String>("args").into_iter().flatten().cloned();
    std::iter::once(name.to_owned()).chain(rest).collect()
}

/// Sends the command to the process that serves, or runs it here when there is none.
async fn elsewhere_or_here(app: App, config: Config, words: Vec<String>) -> Result<()> {
    let server = match tells_of_this_build(&config, &words) {
        true => None,
        false => ControlClient::connect(&socket(&config)).await?,
    };
    let code = match server {
        Some(server) => server.run(&words, &mut show).await?,
        None if signs_in_vain(&config, &words) => {
            return Err(usage(
                "no server of this application runs, and AUTH_JWT_SECRET is not set: a token of this command's \
                 own random secret would be refused; start the server first, or set AUTH_JWT_SECRET in .env",
            ));
        }
        None => here(app, config, words).await?,
    };
    if code == 0 { Ok(()) } else { std::process::exit(code) }
}

/// Whether another process must not do it, which may be of the version before: its models are not those that the tables
/// are to follow. A SQLite file has one owner all the same.
fn tells_of_this_build(config: &Config, words: &[String]) -> bool {
    matches!(config.database.url, StoreUrl::Postgres(_)) && words.first().is_some_and(|it| it == "migrate")
}

/// Whether a token would be signed with a secret that nobody else has.
fn signs_in_vain(config: &Config, words: &[String]) -> bool {
    let random = config.notices.iter().any(|it| it.starts_with("AUTH_JWT_SECRET is not set"));
    random && words.first().is_some_and(|it| it == "token")
}

async fn here(app: App, config: Config, words: Vec<String>) -> Result<i32> {
    let console = Console::open(app, &config, &words).await?;
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    let db = console.db.clone();
    let running = console.execute(words, Output(sender));
    let showing = async {
        while let Some(frame) = frames.recv().await {
            show(frame);
        }
    };
    let (code, ()) = tokio::join!(running, showing);
    db.stop(config.http.shutdown_timeout).await;
    Ok(code)
}

/// Where the serving process listens for commands.
pub(crate) fn socket(config: &Config) -> PathBuf {
    config.root.join(".mainstay").join("control.sock")
}

pub(crate) fn show(frame: Frame) {
    use std::io::{Write as _, stderr, stdout};
    // A reader that has left, such as `head`, is no reason to break off what the command does.
    let _shown = match frame {
        Frame::Out(text) => stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()),
        Frame::Err(text) => stderr().write_all(text.as_bytes()),
        Frame::Progress { done, total, label } => {
            let filled = usize::try_from(done * 30 / total.max(1)).unwrap_or(30).min(30);
            let end = if done >= total { "\n" } else { "" };
            let label = label.unwrap_or_default();
            write!(stderr(), "\r[{:<30}] {done}/{total} {label}{end}", "#".repeat(filled))
        }
        Frame::Exit(_) => Ok(()),
    };
}

/// Runs commands, for this process's terminal or for another's.
#[derive(Clone)]
pub(crate) struct Console {
    app: &'static str,
    pub(crate) db: Db,
    site: Site,
    credentials: Arc<Credentials>,
    commands: Arc<[AppCommand]>,
    written: Arc<Written>,
    listed: Arc<Listed>,
    background: Arc<Background>,
}

impl Console {
    async fn open(app: App, config: &Config, words: &[String]) -> Result<Self> {
        let db = Db::open(config.database.options(Clock::system())).await?;
        let credentials = Arc::new(Credentials::new(config.auth.options(), Clock::system())?);
        let commands = app.commands();
        let assembly = Assembly::new(app, db, credentials.clone(), &config.http.api_prefix)?;
        // The framework's own commands need no tables: in production `migrate` is who makes them.
        if commands.iter().any(|it| words.first().is_some_and(|word| word == it.name)) {
            serve::prepare_tables(&assembly, config).await?;
        }
        Ok(Self::of(&assembly, config, credentials, commands))
    }

    pub(crate) fn of(
        assembly: &Assembly,
        config: &Config,
        credentials: Arc<Credentials>,
        commands: Vec<AppCommand>,
    ) -> Self {
        Self {
            app: assembly.name,
            db: assembly.site.db().clone(),
            site: assembly.site.clone(),
            credentials,
            commands: commands.into(),
            written: Arc::new(Written::of(assembly, config)),
            background: Arc::new(Background { db: assembly.site.db().clone(), work: assembly.work.clone() }),
            listed: Arc::new(Listed {
                routes: assembly.routes.clone(),
                hooks: assembly.hooks.clone(),
                request_hooks: assembly.request_hooks.clone(),
            }),
        }
    }

    /// Runs one command; its exit code.
    pub(crate) async fn execute(self, words: Vec<String>, output: Output) -> i32 {
        match self.dispatch(words, &output).await {
            Ok(()) => 0,
            Err(error) => {
                output.send(Frame::Err(format!("error: {error}\n")));
                1
            }
        }
    }

    async fn dispatch(self, words: Vec<String>, output: &Output) -> Result<()> {
        let Some((name, args)) = words.split_first() else { return Err(usage("no command was given")) };
        let called = format!("{} {name}", self.app);
        match name.as_str() {
            "migrate" => match parse::<MigrateArgs>(&called, args, output)? {
                Some(args) => self.written.run(args, output).await,
                None => Ok(()),
            },
            "routes" => {
                let Some(args) = parse::<RoutesArgs>(&called, args, output)? else { return Ok(()) };
                match (args.hooks, args.json) {
                    (false, false) => {
                        listing::route_lines(&self.listed.routes).iter().for_each(|it| output.line(it))
                    }
                    (false, true) => output.line(listing::json(&self.listed.routes)),
                    (true, false) => listing::hook_lines(&self.listed).iter().for_each(|it| output.line(it)),
                    (true, true) => output.line(listing::hooks_json(&self.listed)),
                }
                Ok(())
            }
            "token" => {
                let Some(args) = parse::<TokenArgs>(&called, args, output)? else { return Ok(()) };
                output.line(token::issue(&self.credentials, self.db.clock(), &args)?);
                Ok(())
            }
            name if work::COMMANDS.iter().any(|(it, _)| *it == name) => {
                self.background.run(name, args, output).await
            }
            name => {
                let command = self.commands.iter().find(|it| it.name == name);
                let command =
                    command.ok_or_else(|| usage(&format!("the serving process has no command `{name}`")))?;
                let (args, output) = (args.to_vec(), output.clone());
                let cx = CommandCx { args, db: self.db.clone(), output, called, site: self.site.clone() };
                (command.run)(cx).await
            }
        }
    }
}

/// What `routes` takes.
#[derive(clap::Args)]
struct RoutesArgs {
    /// List the hooks instead: those of requests, and of each model when, event, priority and name, in the order in
    /// which they run
    #[arg(long)]
    hooks: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl CommandCx {
    /// Reads the words as `T`, a clap `Args`; `None` when they asked for help, which was given.
    ///
    /// # Errors
    /// Bad request, saying which word is wrong and what was expected.
    pub fn parse<T: clap::Args>(&self) -> Result<Option<T>> {
        parse(&self.called, &self.args, &self.output)
    }

    /// The variables that the process which runs the command was started with.
    pub fn env(&self) -> &Env {
        self.site.env()
    }

    /// What the application was given by `App::state` or `App::config`.
    ///
    /// # Errors
    /// Internal, naming the type, when nobody gave one.
    pub fn state<T: Clone + 'static>(&self) -> Result<T> {
        self.site.state()
    }
}

/// Takes commands from other terminals; a successor's hand-over begins the drain.
pub(crate) async fn listen(config: &Config, console: Console, shutdown: &Shutdown) -> Result<()> {
    let owned = console.db.owned().clone();
    let shutdown = shutdown.clone();
    let handler: Handler = Arc::new(move |words, frames| {
        let console = console.clone();
        Box::pin(async move { console.execute(words, Output(frames)).await })
    });
    match (ControlServer::bind(&socket(config)).await, &config.database.url) {
        (Ok(server), _) => server.on_hand_over(move || shutdown.begin()).serve(handler, &owned),
        // Another node of this folder has it, and PostgreSQL serves both.
        (Err(error), StoreUrl::Postgres(_)) => tracing::warn!(%error, "commands go to another process"),
        (Err(error), StoreUrl::SqliteFile(_) | StoreUrl::SqliteMemory) => return Err(error),
    }
    Ok(())
}

/// Asks the process that serves now to drain and stop, and waits until it has let go.
pub(crate) async fn hand_over(config: &Config) -> Result<()> {
    match ControlClient::connect(&socket(config)).await? {
        Some(server) => server.hand_over().await,
        None => Ok(()),
    }
}
