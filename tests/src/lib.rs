//! What noex promises, by topic; the tests are in `tests/`.
