//! Whole small programs on noex, each with one idea and a test that runs it.
