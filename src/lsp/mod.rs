//! `rnnc lsp`: what an editor asks about a `.rnn` text, answered by the front end of `rnnc check`.
//!
//! One file a request. Every answer is a function of the open texts and a position: [`analysis`] is one text, checked, with
//! its names, and each request reads that alone. [`files`] is all that is seen of the disk. [`server`] keeps the open texts, and
//! [`transport`] speaks the protocol's frames; nothing else here knows that there is a connection.

mod analysis;
mod capabilities;
mod code_actions;
mod code_lens;
mod completion;
mod context;
mod definition;
mod definitions;
mod describe;
mod diagnostics;
mod edits;
mod files;
mod folding;
mod formatting;
mod hover;
mod inlay_hints;
mod links;
mod location;
mod names;
mod positions;
mod references;
mod rename;
mod selection_ranges;
mod semantic_tokens;
mod server;
mod settings;
mod signature_help;
mod symbols;
mod tokens;
mod transport;
mod uri;
mod walk;

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use lsp_server::{ErrorCode, Message, RequestId, Response};

pub use positions::Encoding;
pub use server::Server;

/// Messages that wait to be answered; a client that sends more waits itself.
const WAITING: usize = 1024;

/// Serves one client until it says `exit` or goes away; `cache` is as in [`Server::new`]. Gives whether it said `shutdown` first, as it should.
///
/// # Errors
/// A stream that is not one of messages, or that cannot be written to.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: &mut impl Write,
    cache: Option<PathBuf>,
) -> io::Result<bool> {
    let (sender, receiver) = sync_channel(WAITING);
    let mut input = input;
    // It ends with the stream, or with the process.
    std::thread::spawn(move || {
        loop {
            let message = transport::read(&mut input).transpose();
            let Some(message) = message else { break };
            let broken = message.is_err();
            if sender.send(message).is_err() || broken {
                break;
            }
        }
    });
    let mut server = Server::new(cache);
    let mut queue = Queue { receiver, waiting: VecDeque::new(), ended: false };
    while let Some(message) = queue.next()? {
        for answer in server.receive(message) {
            transport::write(output, answer)?;
        }
        if server.is_done() {
            break;
        }
        for id in queue.withdrawn() {
            let gone = Response::new_err(id, ErrorCode::RequestCanceled as i32, "cancelled".into());
            transport::write(output, gone.into())?;
        }
        // Findings are told when all that was typed has been read.
        while queue.waiting.is_empty() {
            let findings = server.publish();
            if findings.is_empty() {
                break;
            }
            for message in findings {
                transport::write(output, message)?;
            }
            queue.take_all()?;
        }
    }
    Ok(server.was_shut_down())
}

/// What has come in and is not answered yet.
struct Queue {
    receiver: Receiver<io::Result<Result<Message, String>>>,
    waiting: VecDeque<Message>,
    ended: bool,
}

impl Queue {
    /// The next message, waited for; nothing when the client is gone.
    fn next(&mut self) -> io::Result<Option<Message>> {
        while self.waiting.is_empty() && !self.ended {
            match self.receiver.recv() {
                Ok(message) => self.take(message)?,
                Err(_) => self.ended = true,
            }
        }
        self.take_all()?;
        Ok(self.waiting.pop_front())
    }

    fn take_all(&mut self) -> io::Result<()> {
        while let Ok(message) = self.receiver.try_recv() {
            self.take(message)?;
        }
        Ok(())
    }

    fn take(&mut self, message: io::Result<Result<Message, String>>) -> io::Result<()> {
        // What was no message has no answer.
        self.waiting.extend(message?);
        Ok(())
    }

    /// Requests that the client has taken back before they were looked at.
    fn withdrawn(&mut self) -> Vec<RequestId> {
        let _ = self.take_all();
        let cancelled = |message: &Message| match message {
            Message::Notification(note) if note.method == "$/cancelRequest" => {
                serde_json::from_value::<RequestId>(note.params["id"].clone()).ok()
            }
            _ => None,
        };
        let ids: Vec<RequestId> = self.waiting.iter().filter_map(cancelled).collect();
        let mut withdrawn = Vec::new();
        self.waiting.retain(|message| match message {
            Message::Request(request) if ids.contains(&request.id) => {
                withdrawn.push(request.id.clone());
                false
            }
            _ => true,
        });
        withdrawn
    }
}
