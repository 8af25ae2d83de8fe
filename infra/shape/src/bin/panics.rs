//! A function like the others, but for a handler that panics: to see that its environment survives it.

use web::{Access, Api, Core, Plain, Route, get};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let routes: Vec<Route> = vec![
        get("/panic", Access::Anyone, fails).named("panic", "Panics"),
        get("/health", Access::Anyone, lives).named("health", "Does not"),
    ];
    web::run(Api::new().root(routes, &()), Core::from_env()?).await
}

#[expect(clippy::panic, reason = "what this function is for")]
async fn fails() -> Plain {
    panic!("on purpose")
}

async fn lives() -> Plain {
    Plain { kind: "text/plain", text: std::process::id().to_string() }
}
