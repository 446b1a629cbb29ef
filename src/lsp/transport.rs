//! Messages on a stream: a header with the length, then JSON. Reads are bounded.

use std::io::{self, BufRead, Read, Write};

use lsp_server::Message;

/// A longer message is none of an editor's.
const LONGEST: usize = 64 << 20;
/// A longer header line is none at all.
const LONGEST_HEADER: u64 = 4096;

/// The next message; nothing at the end of the stream. What is no message inside its frame is passed over with a word about it.
///
/// Errors: a stream whose frames cannot be told apart, after which nothing can be read from it.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Result<Message, String>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| invalid(format!("expected a header, found {line:?}")))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let length = length.ok_or_else(|| invalid("a message without `Content-Length`".into()))?;
    if length > LONGEST {
        return Err(invalid(format!("a message of {length} bytes, more than {LONGEST}")));
    }
    let mut bytes = Vec::new();
    input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&bytes).map_err(|error| format!("not a message: {error}"))))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

pub fn write(output: &mut impl Write, message: Message) -> io::Result<()> {
    message.write(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_one_by_one() {
        let text =
            "Content-Length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}content-length:2\r\nX: y\r\n\r\n{}";
        let mut input = text.as_bytes();
        assert!(matches!(read(&mut input), Ok(Some(Ok(Message::Notification(n)))) if n.method == "exit"));
        assert!(matches!(read(&mut input), Ok(Some(Err(_)))));
        assert!(matches!(read(&mut input), Ok(None)));
    }

    #[test]
    fn a_stream_that_is_none_ends_with_an_error() {
        for text in
            ["hello\r\n\r\n", "Content-Length: 99999999999999\r\n\r\n{}", "Content-Length: x\r\n\r\n", "A: b\r\n\r\n"]
        {
            assert!(read(&mut text.as_bytes()).is_err(), "{text}");
        }
        assert!(matches!(read(&mut "Content-Length: 9\r\n\r\n{}".as_bytes()), Ok(None)));
    }
}
