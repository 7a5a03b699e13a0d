use mainstay::prelude::*;

#[derive(Model, Clone, Debug)]
struct Post {
    id: Id<Post>,
}

#[scope]
impl Scope for Post {}

/// What the application talks to.
#[derive(Clone)]
struct Client;

impl Client {
    fn new() -> Self {
        Self
    }
}

#[derive(Config, Clone)]
struct Settings {
    /// The key of the payment provider.
    stripe_key: Secret<String>,
    #[config(default = 10)]
    page: u32,
    support: Option<String>,
}

async fn page(State(settings): State<Settings>) -> String {
    settings.page.to_string()
}

fn shop() -> App {
    App::new("shop").config::<Settings>().state(Client::new()).route(get("/page", page))
}

#[allow(dead_code, reason = "it would read this process's environment")]
async fn embedded() -> Result<()> {
    let running = App::new("shop").model::<Post>().start().await?; // PORT=0 takes any port
    println!("{}", running.address());
    running.stop().await; // drains; safe to call twice
    Ok(())
}

#[test]
fn the_page_on_configuration_declares_what_it_says() {
    let settings = Settings { stripe_key: Secret::new("sk".to_owned()), page: 3, support: None };
    assert_eq!((settings.stripe_key.expose().as_str(), settings.support), ("sk", None));
    assert_eq!(shop().routes().unwrap()[0].to_string(), "GET /v1/page");
}
