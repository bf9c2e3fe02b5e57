//! The relay that e-mails are handed to, by its URL.

use lettre::{AsyncSmtpTransport, Tokio1Executor};

pub(crate) type Relay = AsyncSmtpTransport<Tokio1Executor>;

/// The relay at `url`, each of whose answers is waited for at most so long.
///
/// # Errors
/// It is no URL of a relay, or asks for what this program was built without.
pub(crate) fn relay(url: &str, timeout: std::time::Duration) -> Result<Relay, String> {
    Ok(builder(url)?.timeout(Some(timeout)).build())
}

#[cfg(feature = "tls")]
fn builder(url: &str) -> Result<lettre::transport::smtp::AsyncSmtpTransportBuilder, String> {
    Relay::from_url(url).map_err(|error| error.to_string())
}

/// Without TLS there is `smtp://host:port` and no password, which would be there for all to read.
#[cfg(not(feature = "tls"))]
fn builder(url: &str) -> Result<lettre::transport::smtp::AsyncSmtpTransportBuilder, String> {
    let url: reqwest::Url = url.parse().map_err(|error| format!("{error}"))?;
    match url.host_str() {
        Some(_) if url.scheme() != "smtp" || !url.username().is_empty() || url.query().is_some() => {
            Err("all but smtp://host:port needs TLS: build with `--features tls`".to_owned())
        }
        Some(host) => Ok(Relay::builder_dangerous(host).port(url.port().unwrap_or(25))),
        None => Err("a relay has a host: smtp://host:port".to_owned()),
    }
}
