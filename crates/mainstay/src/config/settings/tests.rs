use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use mainstay_macros::Config as DeriveConfig;

use crate::config::{Config, Faults, Secret, Sources};

#[derive(DeriveConfig, Clone, Debug, PartialEq)]
#[config(crate = "crate")]
struct Shop {
    /// The key of the
    /// payment provider.
    stripe_key: Secret<String>,
    #[config(default = 10)]
    page: u32,
    #[config(default = "1m30s", name = "PATIENCE")]
    broken: Option<Duration>,
    support: Option<String>,
    mirrors: Vec<SocketAddr>,
    #[config(default = "data")]
    folder: PathBuf,
    #[config(default = -1.5)]
    least: f64,
    #[config(default = false)]
    r#async: bool,
}

#[derive(DeriveConfig, Clone, Debug, PartialEq)]
#[config(crate = "crate", prefix = "MAIL_")]
struct Mail {
    host: String,
    #[config(default = 25)]
    port: u16,
}

#[derive(DeriveConfig, Clone)]
#[config(crate = "crate")]
struct Clashing {
    #[expect(dead_code, reason = "it is refused")]
    port: u16,
    #[expect(dead_code, reason = "it is refused")]
    page: u16,
}

fn sources() -> Sources {
    Sources::new("shop", "/srv/shop")
}

fn shop(sources: Sources) -> Result<Shop, Faults> {
    let sources = sources.env("PATIENCE=90s");
    let config = Config::from_sources(sources.settings::<Shop>())?;
    Ok(config.given.states.get().expect("it was read"))
}

fn report(result: Result<impl Sized, Faults>) -> String {
    let Err(faults) = result else { panic!("a fault was expected") };
    faults.to_string()
}

#[test]
fn fields_are_read_from_their_variables_or_have_their_defaults() {
    let read =
        shop(sources().environment([("STRIPE_KEY", "sk"), ("MIRRORS", "127.0.0.1:1, [::1]:2")])).unwrap();
    assert_eq!(read.stripe_key.expose(), "sk");
    assert_eq!((read.page, read.least, read.r#async, read.support), (10, -1.5, false, None));
    assert_eq!((read.broken, read.mirrors.len()), (Some(Duration::from_secs(90)), 2));
    assert_eq!(read.folder, PathBuf::from("/srv/shop/data"));
    assert_eq!(format!("{:?}", read.stripe_key), "Secret(…)");
}

#[test]
fn an_earlier_source_decides_and_the_table_app_is_the_last() {
    let toml = "port = 4000\n[app]\nstripe_key = 'toml'\npage = 20\nroutes = [{ any = 'thing' }]";
    let read = shop(sources().toml(toml).env_local("PAGE=30")).unwrap();
    assert_eq!((read.stripe_key.expose().as_str(), read.page), ("toml", 30));
}

#[test]
fn all_faults_are_reported_at_once_beside_the_frameworks() {
    let report = report(shop(sources().environment([
        ("PORT", "eighty"),
        ("PAGE", "many"),
        ("STRIPE_KY", "hunter2"),
        ("ASYNC", "ja"),
    ])));
    for part in [
        "the configuration has 4 faults",
        "PORT\n  value:    `eighty`, from the process environment",
        "PAGE\n  value:    `many`, from the process environment\n  expected: a whole number from 0 to 4294967295\n  \
         fix:      mend it, or remove it for the default: `10`",
        "STRIPE_KEY\n  value:    not set\n  expected: text\n  fix:      nothing reads `STRIPE_KY` (from the process \
         environment): did you mean `STRIPE_KEY`?",
        "ASYNC\n",
    ] {
        assert!(report.contains(part), "{part}\n---\n{report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn a_secret_that_is_wrong_is_not_shown() {
    #[derive(DeriveConfig, Clone)]
    #[config(crate = "crate")]
    struct Hidden {
        #[expect(dead_code, reason = "it is refused")]
        pin: Option<Secret<u16>>,
    }
    let report = report(Config::from_sources(sources().env("PIN=hunter2").settings::<Hidden>()));
    assert!(report.contains("not shown (7 bytes), from `.env`"), "{report}");
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn what_begins_with_the_prefix_and_has_no_field_is_a_fault() {
    let mail = |variables: [(&str, &str); 2]| {
        Config::from_sources(sources().environment(variables).settings::<Mail>())
            .map(|config| config.given.states.get::<Mail>())
    };
    let right = mail([("MAIL_HOST", "localhost"), ("MAIL_PORT", "2525")]).unwrap();
    assert_eq!(right, Some(Mail { host: "localhost".to_owned(), port: 2525 }));
    let report = report(mail([("MAIL_HOST", "localhost"), ("MAIL_PROT", "2525")]));
    assert!(report.contains("MAIL_PROT") && report.contains("did you mean `MAIL_PORT`?"), "{report}");
}

#[test]
fn a_key_of_the_table_app_that_resembles_a_field_is_a_fault_and_another_is_not() {
    let with = |toml: &str| shop(sources().env("STRIPE_KEY=sk").toml(toml));
    assert!(with("[app]\ncolour = 'red'").is_ok());
    let report = report(with("[app]\nsuport = 'me'"));
    assert!(report.contains("did you mean `support`?"), "{report}");
    assert!(with("page = 1").is_err(), "the top of the file is the framework's");
}

#[test]
fn a_name_in_a_space_of_the_frameworks_is_known_where_a_field_has_it() {
    #[derive(DeriveConfig, Clone)]
    #[config(crate = "crate", prefix = "AUTH_")]
    struct GitHub {
        #[expect(dead_code, reason = "it is only read")]
        jwt_secrets_of_github: String,
    }
    let sources = || sources().env("AUTH_JWT_SECRETS_OF_GITHUB=x");
    assert!(Config::from_sources(sources().settings::<GitHub>()).is_ok());
}

#[test]
fn a_variable_that_the_framework_or_another_struct_has_is_refused() {
    let both = sources().env("STRIPE_KEY=sk").settings::<Shop>().settings::<Clashing>();
    let report = report(Config::from_sources(both));
    assert!(report.contains("the framework has this variable"), "{report}");
    assert!(
        report.contains("::Shop` (") && report.contains("has this variable: rename the field"),
        "{report}"
    );
}

#[test]
fn a_default_that_does_not_fit_is_found_at_start() {
    let report = report(Config::from_sources(sources().env("STRIPE_KEY=sk").settings::<Shop>()));
    assert!(report.contains("`1m30s` does not have this shape"), "{report}");
}

#[test]
fn the_table_of_variables_goes_on_with_the_applications() {
    let rows = super::rows(&[super::SettingsEntry::of::<Shop>(mainstay_kernel::Place::caller())]);
    assert!(
        rows.contains(
            "| `STRIPE_KEY` | The key of the payment provider. Secret: never printed. | text | — |"
        ),
        "{rows}"
    );
    assert!(rows.contains("| `PAGE` |  | a whole number from 0 to 4294967295 | `10` |"), "{rows}");
    assert!(rows.lines().all(|it| it.matches('|').count() == 5), "{rows}");
}

#[test]
fn variables_are_looked_up_in_every_source() {
    let sources =
        sources().environment([("ONE", "1"), ("TWO", "")]).env("ONE=2\nTHREE=3").toml("[app]\nfour = 4");
    let env = Config::from_sources(sources).unwrap().given.env;
    assert_eq!(
        ["ONE", "TWO", "THREE", "FOUR"].map(|it| env.get(it)),
        [Some("1"), None, Some("3"), Some("4")]
    );
}

#[test]
fn the_command_lines_roles_come_before_all_others() {
    use crate::config::Role;
    let sources = || sources().environment([("SERVER", "false"), ("ROLES", "cron")]);
    let roles = |sources| Config::from_sources(sources).map(|it| it.roles);
    let web = roles(sources().roles("web,relay")).unwrap();
    assert!(web.has(Role::Web) && web.has(Role::Relay) && !web.has(Role::Cron));
    let report = report(roles(sources().roles("wbe")));
    assert!(report.contains("from the command line") && report.contains("did you mean `web`?"), "{report}");
}
