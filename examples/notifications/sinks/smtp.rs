//! A relay for e-mail: as much of SMTP as it takes to be sent one.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Sink;

/// The mailbox that this relay does not have.
const UNKNOWN: &str = "<nobody@";

/// Starts a relay on a port of this machine, for as long as the program runs.
///
/// # Errors
/// There is no port.
pub(crate) async fn relay(sink: Sink) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("smtp://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client that hangs up in the middle of it is the client's business.
            tokio::spawn(talk(client, sink.clone()));
        }
    });
    Ok(url)
}

async fn talk(client: TcpStream, sink: Sink) -> io::Result<()> {
    let mut client = BufReader::new(client);
    client.write_all(b"220 sink ready\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split([' ', '\r', '\n']).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => "250-sink\r\n250 8BITMIME",
            "HELO" | "RSET" | "NOOP" => "250 OK",
            "MAIL" if sink.fails() => "451 4.3.0 not now",
            "MAIL" => "250 OK",
            "RCPT" if line.contains(UNKNOWN) => "550 5.1.1 no such mailbox",
            "RCPT" => "250 OK",
            "DATA" => {
                client.write_all(b"354 go ahead\r\n").await?;
                let Some(id) = message_id(&mut client).await? else { return Ok(()) };
                tokio::time::sleep(sink.pause()).await;
                sink.take(&id);
                "250 2.0.0 queued"
            }
            "QUIT" => "221 goodbye",
            _ => "502 what?",
        };
        // In one write: two would wait for one another's acknowledgement.
        client.write_all(format!("{reply}\r\n").as_bytes()).await?;
        if verb == "QUIT" {
            return Ok(());
        }
    }
}

/// Reads a message to its end, and gives its id; `None` when it breaks off.
async fn message_id(client: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let (mut id, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if client.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line == ".\r\n" {
            return Ok(Some(id));
        }
        if let Some(value) = line.strip_prefix("Message-ID:") {
            id = value.trim().to_owned();
        }
    }
}
