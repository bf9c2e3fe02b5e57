//! A tree that is declared in one crate and nested in another.

use noex::prelude::*;

/// Holds books.
#[derive(Debug)]
#[genserver]
pub struct Books {
    titles: Vec<String>,
}

#[genserver]
impl Books {
    #[init]
    fn init(first: String) -> Self {
        Books { titles: vec![first] }
    }

    /// Puts one in; how many there are.
    #[call]
    pub fn put(&mut self, title: String) -> usize {
        self.titles.push(title);
        self.titles.len()
    }

    /// Breaks.
    #[call]
    pub fn drop_all(&mut self) {
        panic!("the shelf broke");
    }
}

/// Knows where the books are.
#[derive(Debug)]
#[genserver]
pub struct Index {
    books: BooksRef,
}

#[genserver]
impl Index {
    #[init]
    fn init(books: BooksRef) -> Self {
        Index { books }
    }

    /// Puts a book on the shelf.
    ///
    /// # Errors
    ///
    /// Those of the books.
    #[call]
    pub async fn put(&mut self, title: String) -> Result<usize, CallError> {
        self.books.put(title).await
    }
}

noex::supervisor! {
    /// A shelf.
    pub Shelf(first: String) {
        strategy: one_for_all,
        restarts: 0 in 5s,
        books: Books(first),
        index: Index(books),
    }
}
