//! Random tokens, the same on each machine.

use super::words::WORDS;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// xorshift64*: the same rounds on each machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits") % sides
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        match self.roll(if depth == 0 { 8 } else { 10 }) {
            0..4 => Ident::new(WORDS[self.roll(WORDS.len())], Span::call_site()).into(),
            4..6 => {
                let character = b"#!:;,.=<>&*-+'?@|$"[self.roll(17)];
                let spacing = if self.roll(2) == 0 { Spacing::Joint } else { Spacing::Alone };
                Punct::new(character.into(), spacing).into()
            }
            6 => Literal::u64_unsuffixed(self.roll(3) as u64).into(),
            7 => match self.roll(4) {
                0 => Literal::string("a.{key}").into(),
                1 => Literal::character('x').into(),
                2 => Literal::f64_suffixed(1.5).into(),
                _ => "5s".parse::<Literal>().expect("a literal").into(),
            },
            _ => {
                let delimiters =
                    [Delimiter::Brace, Delimiter::Bracket, Delimiter::Parenthesis, Delimiter::None];
                Group::new(delimiters[self.roll(4)], self.stream(depth - 1)).into()
            }
        }
    }

    pub(super) fn stream(&mut self, depth: usize) -> TokenStream {
        let length = self.roll(12);
        (0..length).map(|_| self.token(depth)).collect()
    }

    /// The tokens with a few dropped, doubled, swapped for others or joined by others, of which half are random
    /// and half from the `pool`.
    pub(super) fn mutate(&mut self, tokens: TokenStream, rate: usize, pool: &[TokenTree]) -> TokenStream {
        let mut output = TokenStream::new();
        for token in tokens {
            let token = match token {
                TokenTree::Group(group) => {
                    let inside = self.mutate(group.stream(), rate, pool);
                    TokenTree::Group(Group::new(group.delimiter(), inside))
                }
                token => token,
            };
            match self.roll(rate) {
                0 => {}
                1 => output.extend([token.clone(), token]),
                2 => output.extend([self.other(pool)]),
                3 => output.extend([token, self.other(pool)]),
                _ => output.extend([token]),
            }
        }
        output
    }

    fn other(&mut self, pool: &[TokenTree]) -> TokenTree {
        if self.roll(2) == 0 { self.token(2) } else { pool[self.roll(pool.len())].clone() }
    }
}
