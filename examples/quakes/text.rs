//! Text that knows where it is: lines and columns, counted while it is read.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// A place in the text. Lines from 1; columns from 1, in bytes, as compilers and editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Counts lines and columns of the bytes handed out, and hands out only UTF-8: `serde_json` would
/// look at that when the feature is whole, and then the place of the wrong byte is gone.
pub(crate) struct CountedText<R> {
    bytes: BufReader<R>,
    position: Rc<Cell<Position>>,
    character: Character,
    /// After an error there is nothing more: `serde_json` still looks for the closing brackets, and
    /// that must not move the position.
    failed: bool,
}

impl<R: Read> CountedText<R> {
    /// The text of `source`, and how far it has been handed out.
    pub(crate) fn new(source: R) -> (CountedText<R>, Rc<Cell<Position>>) {
        let begins = Position { line: 1, column: 0 };
        let position = Rc::new(Cell::new(begins));
        let text = CountedText {
            bytes: BufReader::with_capacity(64 * 1024, source),
            position: position.clone(),
            character: Character { bytes: [0; 4], length: 0, begins },
            failed: false,
        };
        (text, position)
    }
}

/// The bytes so far of a character of several bytes.
struct Character {
    bytes: [u8; 4],
    length: usize,
    begins: Position,
}

impl Character {
    /// Whether UTF-8 may go on with `byte`, which is at `at`.
    fn accepts(&mut self, byte: u8, at: Position) -> bool {
        if self.length == 0 {
            if byte.is_ascii() {
                return true;
            }
            self.begins = at;
        }
        self.bytes[self.length] = byte;
        self.length += 1;
        match std::str::from_utf8(&self.bytes[..self.length]) {
            Ok(_) => self.length = 0,
            // Four bytes are a character or an error, so an unfinished one has room for the next.
            Err(error) => return error.error_len().is_none(),
        }
        true
    }
}

impl<R: Read> Read for CountedText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(0);
        }
        let count = self.bytes.read(buffer).inspect_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
        })?;
        let mut at = self.position.get();
        for &byte in &buffer[..count] {
            if byte == b'\n' {
                at = Position { line: at.line + 1, column: 0 };
            } else {
                at.column += 1;
            }
            if !self.character.accepts(byte, at) {
                self.failed = true;
                self.position.set(self.character.begins);
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"));
            }
        }
        self.position.set(at);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: impl Read) -> (io::Result<String>, Position) {
        let (mut text, position) = CountedText::new(source);
        let mut all = String::new();
        let result = text.read_to_string(&mut all).map(|_| all);
        (result, position.get())
    }

    #[test]
    fn lines_and_columns_are_those_of_the_last_byte() {
        for (text, line, column) in [("", 1, 0), ("ab", 1, 2), ("a\n", 2, 0), ("a\n\u{e9}b", 2, 3)] {
            assert_eq!(read(text.as_bytes()).1, Position { line, column }, "{text:?}");
        }
    }

    #[test]
    fn a_read_that_was_interrupted_is_no_error() {
        struct Interrupted(bool);
        impl Read for Interrupted {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Ok(0);
                }
                Err(io::ErrorKind::Interrupted.into())
            }
        }
        let (result, _) = read(Interrupted(false).chain(&b"ab"[..]));
        assert_eq!(result.unwrap(), "ab");
    }
}
